package policycsv_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

func TestReadSeedOfTheExamples(t *testing.T) {
	tests := []struct {
		example                  string
		permissions, groups      int
		lines, firstLine         int
		firstFields              []string
		lastGroup, lastGroupText string
	}{
		{
			"backoffice", 19, 6, 26, 2,
			[]string{"p", "group:Administrators", "*", "*", "allow"},
			"User without access", "Known to the back office, may do nothing",
		},
		{
			"chat", 12, 4, 17, 1,
			[]string{"p", "group:Administrators", "*", "*", "allow"},
			"User without access", "May sign in and sees nothing",
		},
	}
	for _, test := range tests {
		t.Run(test.example, func(t *testing.T) {
			seed, err := policycsv.ReadSeed(os.DirFS(filepath.Join("..", "..", "examples", test.example, "seed")))
			if err != nil {
				t.Fatal(err)
			}
			if len(seed.Catalog) != test.permissions || len(seed.Groups) != test.groups || len(seed.Policy.Lines) != test.lines {
				t.Fatalf("read %d permissions, %d groups and %d lines", len(seed.Catalog), len(seed.Groups), len(seed.Policy.Lines))
			}
			if first := seed.Policy.Lines[0]; first.Number != test.firstLine || !reflect.DeepEqual(first.Fields, test.firstFields) {
				t.Errorf("the policy begins with %v", first)
			}
			last := seed.Groups[test.groups-1]
			if last != (authz.GroupInfo{Name: authz.GroupName(test.lastGroup), Description: test.lastGroupText}) {
				t.Errorf("the groups end with %v", last)
			}
		})
	}
}

// TestTheExamplesAreTheScenarios holds that the engine's tests and the examples speak of the
// same policy.
func TestTheExamplesAreTheScenarios(t *testing.T) {
	for _, scenario := range []string{"backoffice", "chat"} {
		for _, name := range []string{"permissions.csv", "groups.csv", "policy.csv"} {
			seed, err := os.ReadFile(filepath.Join("..", "..", "examples", scenario, "seed", name))
			if err != nil {
				t.Fatal(err)
			}
			tested, err := os.ReadFile(filepath.Join("..", "testdata", scenario, name))
			if err != nil {
				t.Fatal(err)
			}
			if string(seed) != string(tested) {
				t.Errorf("%s of %s differs from the one that package authz tests", name, scenario)
			}
		}
	}
}

func TestReadSeedWithFilesAbsent(t *testing.T) {
	files := map[string]string{
		"permissions.csv": "category,permission,label\nA,a:view,View\n",
		"groups.csv":      "name,description\nA,\n",
		"policy.csv":      "# empty\n",
	}
	for name, text := range files {
		seed, err := policycsv.ReadSeed(fstest.MapFS{name: {Data: []byte(text)}})
		if err != nil {
			t.Errorf("%s alone: %v", name, err)
		}
		if len(seed.Catalog) > 0 != (name == "permissions.csv") || len(seed.Groups) > 0 != (name == "groups.csv") {
			t.Errorf("%s alone: got %v", name, seed)
		}
	}
	_, err := policycsv.ReadSeed(fstest.MapFS{"Policy.csv": {}, "seed/policy.csv": {}})
	const want = "there is no seed: none of the files permissions.csv, groups.csv and policy.csv exists"
	if err == nil || err.Error() != want {
		t.Errorf("got the error %v", err)
	}
}

// TestReadSeedNamesEveryBadLineOfEveryFile holds that one look is enough to mend a seed.
func TestReadSeedNamesEveryBadLineOfEveryFile(t *testing.T) {
	seed, err := policycsv.ReadSeed(fstest.MapFS{
		"permissions.csv": {Data: []byte("category,permission,label\nA,a,View\nA,a:view\n")},
		"groups.csv":      {Data: []byte("name\nA\n")},
		"policy.csv":      {Data: []byte("p, ana, a, view\ng, ana\n\nx\n")},
	})
	const want = `permissions.csv:2: "a": is not of the form "object:action"
permissions.csv:3: the header names 3 fields (category,permission,label), but this line has 2; an empty field needs its comma too
groups.csv:1: the header must be name,description but is "name"
policy.csv:2: a g line has 3 fields (g, member, group), but this one has 2
policy.csv:4: the first field is "x"; it must be p (a rule) or g (a membership), with commas between the fields`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	var rejected *authz.Error
	if !errors.Is(err, authz.ErrImportRejected) || !errors.As(err, &rejected) || rejected.Count != 2 {
		t.Errorf("carries %v", rejected)
	}
	if !reflect.DeepEqual(seed, authz.Seed{}) {
		t.Errorf("came with the seed %v", seed)
	}
}

func TestReadSeedRefusesABadPolicy(t *testing.T) {
	var text strings.Builder
	for i := range 2500 {
		fmt.Fprintf(&text, "p, user%d, a, view, no\n", i)
	}
	_, err := policycsv.ReadSeed(fstest.MapFS{"policy.csv": {Data: []byte(text.String())}})
	var rejected *authz.Error
	if !errors.As(err, &rejected) || len(rejected.Faults) != 1000 || rejected.Count != 2500 {
		t.Fatalf("got %v", rejected)
	}
	if text := err.Error(); strings.Count(text, "\n") != 1000 || !strings.HasSuffix(text, "\npolicy.csv: and 1500 more") {
		t.Errorf("it ends with %q", text[strings.LastIndex(text, "\n"):])
	}
}

func TestReadSeedThatCantBeOpenedOrRead(t *testing.T) {
	denied := refusing{fstest.MapFS{"policy.csv": {}}, "groups.csv"}
	if _, err := policycsv.ReadSeed(denied); !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "groups.csv: ") {
		t.Errorf("opening: got %v", err)
	}
	folder := fstest.MapFS{"policy.csv/README": {}}
	if _, err := policycsv.ReadSeed(folder); err == nil || !strings.HasPrefix(err.Error(), "policy.csv: ") {
		t.Errorf("reading: got %v", err)
	}
}

// refusing is a file system in which one file may not be opened.
type refusing struct {
	fs.FS
	name string
}

func (r refusing) Open(name string) (fs.File, error) {
	if name == r.name {
		return nil, fs.ErrPermission
	}
	return r.FS.Open(name)
}
