package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
)

// A binary is a built program.
type binary struct {
	file    string
	modules []string // linked into it, besides its own
	bytes   int64
}

// build builds a package as hosts do, without flags that make the file smaller.
func build(ctx context.Context, folder, pkg, file string) (binary, error) {
	// Without a version stamp: in a clone of another owner, Git refuses it and the build would fail.
	command := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", file, pkg)
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		return binary{}, fmt.Errorf("build %s: %w\n%s", pkg, err, output)
	}
	info, err := os.Stat(file)
	if err != nil {
		return binary{}, err
	}
	built, err := buildinfo.ReadFile(file)
	if err != nil {
		return binary{}, err
	}
	b := binary{file: file, bytes: info.Size()}
	for _, module := range built.Deps {
		b.modules = append(b.modules, module.Path)
	}
	return b, nil
}
