package policycsv

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// The files of a seed.
const (
	seedCatalog = "permissions.csv"
	seedGroups  = "groups.csv"
	seedPolicy  = "policy.csv"
)

// ReadSeed reads a seed for [authz.Options] from the top folder of fsys: the files permissions.csv (see
// [ReadCatalog]), groups.csv (see [ReadGroups]) and policy.csv (see [ReadPolicy]). At least one of them must
// exist.
//
// The text of the error lists every bad line of all three files, each with the name of its file. With
// [errors.As] it yields the [*authz.Error] of the first bad file.
func ReadSeed(fsys fs.FS) (authz.Seed, error) {
	var (
		seed  authz.Seed
		found int
	)
	read := func(name string, read func(io.Reader) error) error {
		ok, err := readFile(fsys, name, read)
		if ok {
			found++
		}
		return err
	}
	err := errors.Join(
		read(seedCatalog, func(r io.Reader) (err error) {
			seed.Catalog, err = ReadCatalog(r)
			return err
		}),
		read(seedGroups, func(r io.Reader) (err error) {
			seed.Groups, err = ReadGroups(r)
			return err
		}),
		read(seedPolicy, func(r io.Reader) (err error) {
			seed.Policy, err = readPolicy(r)
			seed.Policy.Name = seedPolicy
			return err
		}),
	)
	if err != nil {
		return authz.Seed{}, err
	}
	if found == 0 {
		return authz.Seed{}, fmt.Errorf("there is no seed: none of the files %s, %s and %s exists",
			seedCatalog, seedGroups, seedPolicy)
	}
	return seed, nil
}

// readFile reads a file, and reports whether it exists.
func readFile(fsys fs.FS, name string, read func(io.Reader) error) (found bool, err error) {
	file, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, &seedError{name, err}
	}
	defer file.Close()
	if err := read(file); err != nil {
		return true, &seedError{name, err}
	}
	return true, nil
}

// readPolicy rejects bad lines. For an import the engine does that, together with the faults that it finds
// itself; a seed with bad lines never reaches the engine.
func readPolicy(r io.Reader) (authz.PolicyFile, error) {
	policy, err := ReadPolicy(r)
	if err != nil {
		return policy, err
	}
	if policy.FaultCount > 0 {
		return policy, &authz.Error{Kind: authz.ErrImportRejected, Faults: policy.Faults, Count: policy.FaultCount}
	}
	return policy, nil
}

// seedError is an error in one file of a seed. Its text lists every bad line, because the operator who starts
// the host sees nothing else.
type seedError struct {
	name string
	err  error
}

func (e *seedError) Error() string {
	var rejected *authz.Error
	if !errors.As(e.err, &rejected) {
		return e.name + ": " + e.err.Error()
	}
	lines := make([]string, 0, len(rejected.Faults)+1)
	for _, l := range rejected.Faults {
		lines = append(lines, fmt.Sprintf("%s:%d: %s", e.name, l.Line, l.Detail))
	}
	if more := rejected.Count - len(rejected.Faults); more > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more", e.name, more))
	}
	return strings.Join(lines, "\n")
}

func (e *seedError) Unwrap() error { return e.err }
