package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The command and the code of the README make an application of another module that builds. The application has the
// requirements of this module, so that nothing has to be downloaded.
func TestREADMEModule(t *testing.T) {
	_, wiring, _ := strings.Cut(read(t, "../../README.md"), "\n## Put it into your Gin application\n")
	_, command, _ := strings.Cut(wiring, "```bash\n")
	command, _, _ = strings.Cut(command, "\n```")
	_, code, _ := strings.Cut(wiring, "```go\n")
	code, _, _ = strings.Cut(code, "\n```")
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", strings.Replace(read(t, "../../go.mod"), "module github.com/rightful-go/rightful", "module example.com/app", 1))
	write("go.sum", read(t, "../../go.sum"))
	write("rightful.go", "package main\n\n"+code+"\n")
	write("main.go", `package main

import "github.com/gin-gonic/gin"

func main() { _ = addRightful }

func showReports(c *gin.Context) {}
`)
	edit := strings.Fields(strings.ReplaceAll(command, "=../rightful", "="+top))
	for _, args := range [][]string{edit, {"go", "vet", "."}} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
}
