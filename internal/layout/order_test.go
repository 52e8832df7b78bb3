package layout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// authzOrder is the map of package authz: every source file, in reading order. A file uses only
// declarations of its own and of files to its left, so that each can be understood from those before
// it. Add a new file here.
var authzOrder = []struct{ part, files string }{
	{"names and types", `doc text revision names pattern errors pace nearest catalog declarations rule until row delta delta_check delta_merge record policyfile denial usage request operation request_withdrawals rights
		store usage_store adoption record_keys archive_file`},
	{"match", `key entries slots symbols ruleset`},
	{"snapshot", `group matcher user user_ends quarantine snapshot ends graph inheritance chains compile row_names blocks bad_rows reach holdings rules
		evaluate editor editor_ends apply diff load checkpoint view sources resource list scope origins explain request_held held permitted holders casbin change`},
	{"engine", `rights_check ending_set endings allowed draft promises blocks_check lacking escalation tasks turns gate histogram counters store_calls recent footprint budget denial_recorder usage_marks usage_recorder request_keeper verifier directory people_finder
		store_clock engine set_catalog counted held_count swap decide export_rows stats checkpoints replay checkpoint_task commit next_records foreign follow admin versions write_checks execution idempotency rebase overtake write_commit write ending_task people
		groups users batch import_ends imports rename drift undeclared history lost denials known_uses unused_sources unused_removal unused uses requests
		revert_history revert_inversion revert_ends revert_draft revert_rights revert authorize repair permission_set impact_sets impact_user impact_parts impact dryrun request_approval archive audit
		adoption_plan adoption_model adoption_questions adoption_compare adoption_check adopt start open`},
	{"fixes", `fix fixer fix_baseline fix_outcome fix_rank weight fix_cover fix_plan
		fix_operations fix_rehearsal decision_groups fixes`},
}

func TestFilesOfTheEngineAreInOrder(t *testing.T) {
	var order []string
	for _, part := range authzOrder {
		for _, name := range strings.Fields(part.files) {
			order = append(order, name+".go")
		}
	}
	report(t, orderFaults(t, "../../authz", order))
}

// orderFaults type-checks the package in a folder and lists each use of a declaration in a file to the
// right.
func orderFaults(t *testing.T, folder string, order []string) []string {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	place := map[string]int{}
	for i, name := range order {
		place[name] = i
	}
	var faults []string
	found, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	have := map[string]bool{}
	for _, name := range found {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		base := filepath.Base(name)
		have[base] = true
		if _, known := place[base]; !known {
			place[base] = len(order)
			faults = append(faults, base+" has no place in the order")
		}
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	for _, name := range order {
		if !have[name] {
			faults = append(faults, name+" is in the order but doesn't exist")
		}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", compiled(t, folder))}
	pkg, err := config.Check("authz", fset, files, info)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for ident, object := range info.Uses {
		from, to := fset.Position(ident.Pos()), fset.Position(object.Pos())
		here, there := filepath.Base(from.Filename), filepath.Base(to.Filename)
		if object.Pkg() == pkg && place[there] > place[here] {
			used[fmt.Sprintf("%s:%d uses %s of %s, which is to its right", here, from.Line, object.Name(), there)] = true
		}
	}
	return append(faults, slices.Sorted(maps.Keys(used))...)
}

// compiled returns a lookup for the export data of the packages that a folder's package imports.
func compiled(t *testing.T, folder string) importer.Lookup {
	t.Helper()
	command := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", ".")
	command.Dir = folder
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		files[p.ImportPath] = p.Export
	}
	return func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(files[path])
	}
}

// A use to the right is found, and so are files missing in the order and missing files.
func TestOrderFaultsAreFound(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module p\n\ngo 1.26\n",
		"a.go":   "package p\n\nimport \"strings\"\n\nfunc A() string { return strings.ToUpper(b{}.text()) }\n",
		"b.go":   "package p\n\ntype b struct{}\n\nfunc (b) text() string { return \"\" }\n",
		"c.go":   "package p\n\nvar _ = A\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		order string
		want  []string
	}{
		{"b.go a.go c.go", nil},
		{"a.go b.go c.go", []string{"a.go:5 uses b of b.go", "a.go:5 uses text of b.go"}},
		{"b.go a.go", []string{"c.go has no place"}},
		{"b.go a.go c.go d.go", []string{"d.go is in the order but doesn't exist"}},
	} {
		got := orderFaults(t, folder, strings.Fields(c.order))
		fits := len(got) == len(c.want)
		for i := range min(len(got), len(c.want)) {
			fits = fits && strings.Contains(got[i], c.want[i])
		}
		if !fits {
			t.Errorf("%s: found %q, not %q", c.order, got, c.want)
		}
	}
}
