package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

// The command and the code of the README make an application of another module that builds. The application has the
// requirements of this module, so that nothing has to be downloaded.
// The commands with which the README gives the first user a permission do so.
func TestREADMEFirstGroup(t *testing.T) {
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " was not found")
		}
	}
	_, wiring, _ := strings.Cut(read(t, "../../README.md"), "\n## Put it into your Gin application\n")
	_, commands, _ := strings.Cut(wiring, "```bash\nsite=")
	commands, _, _ = strings.Cut(commands, "```")
	r := gin.New()
	r.Use(gin.BasicAuth(gin.Accounts{"ana": "x", "ben": "x"}))
	if err := addRightful(t.Context(), r, filepath.Join(t.TempDir(), "rightful.db")); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	defer server.Close()
	reports := `curl -s -o answer -w '%{http_code} ' -u ben:x "$site/reports"` + "\n"
	script := "password=x\n" + strings.Replace("site="+commands, "http://127.0.0.1:8080", server.URL, 1)
	first, rest, _ := strings.Cut(script, "\ncurl")
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "set -eu\n"+first+"\n"+reports+"curl"+rest+reports)
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	if text := string(out); err != nil || !strings.HasPrefix(text, "403 ") || !strings.HasSuffix(text, "200 ") {
		t.Errorf("ben isn't refused before the commands and let in after them: %v\n%s", err, text)
	}
}

// The README's commands and code make a module that builds.
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
