package policycsv_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden holds what is read, as it is written again, and every message to a golden file.
func TestGolden(t *testing.T) {
	rewrite := map[string]func(string) (string, error){
		"policy": rewritePolicy, "catalog": rewriteCatalog, "groups": rewriteGroups,
	}
	for name, rewrite := range rewrite {
		t.Run(name, func(t *testing.T) {
			text, err := rewrite(readFile(t, name+".csv"))
			if err != nil {
				t.Fatal(messages(err))
			}
			golden(t, name+".golden", text)
		})
		t.Run("bad "+name, func(t *testing.T) {
			_, err := rewrite(readFile(t, "bad_"+name+".csv"))
			if !errors.Is(err, authz.ErrImportRejected) {
				t.Fatalf("got the error %v", err)
			}
			golden(t, "bad_"+name+".golden", messages(err))
		})
	}
}

// TestScenariosComeOutAsTheyAre writes the files of the scenarios byte for byte; their policies,
// which have comments, come out the same the second time.
func TestScenariosComeOutAsTheyAre(t *testing.T) {
	for _, scenario := range []string{"backoffice", "chat"} {
		t.Run(scenario, func(t *testing.T) {
			dir := filepath.Join("..", "..", "testdata", scenario)
			text := readFile(t, filepath.Join(dir, "permissions.csv"))
			if again, err := rewriteCatalog(text); err != nil || again != text {
				t.Errorf("the catalog came out as %q, %v", again, err)
			}
			text = readFile(t, filepath.Join(dir, "groups.csv"))
			if again, err := rewriteGroups(text); err != nil || again != text {
				t.Errorf("the groups came out as %q, %v", again, err)
			}
			once, err := rewritePolicy(readFile(t, filepath.Join(dir, "policy.csv")))
			if err != nil {
				t.Fatal(err)
			}
			if again, err := rewritePolicy(once); err != nil || again != once {
				t.Errorf("the policy came out as %q and then as %q, %v", once, again, err)
			}
		})
	}
}

func rewritePolicy(text string) (string, error) {
	policy, err := policycsv.ReadPolicy(strings.NewReader(text))
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := policycsv.WritePolicy(&out, rowsIn(policy)); err != nil {
		return "", err
	}
	if policy.FaultCount > 0 {
		return out.String(), &authz.Error{Kind: authz.ErrImportRejected, Faults: policy.Faults, Count: policy.FaultCount}
	}
	return out.String(), nil
}

func rewriteCatalog(text string) (string, error) {
	catalog, err := policycsv.ReadCatalog(strings.NewReader(text))
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = policycsv.WriteCatalog(&out, catalog)
	return out.String(), err
}

func rewriteGroups(text string) (string, error) {
	groups, err := policycsv.ReadGroups(strings.NewReader(text))
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = policycsv.WriteGroups(&out, groups)
	return out.String(), err
}

// rowsIn puts the lines of a policy into the form in which they are written.
func rowsIn(policy authz.PolicyFile) []authz.Row {
	rows := make([]authz.Row, len(policy.Lines))
	for i, line := range policy.Lines {
		rows[i].Type = line.Fields[0]
		copy(rows[i].V[:], line.Fields[1:])
	}
	return rows
}

// messages writes the bad lines of an import one below the other.
func messages(err error) string {
	var rejected *authz.Error
	if !errors.As(err, &rejected) {
		return err.Error() + "\n"
	}
	var text strings.Builder
	for _, l := range rejected.Faults {
		fmt.Fprintf(&text, "line %d: %s\n", l.Line, l.Detail)
	}
	return text.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := readFile(t, name); got != want {
		t.Errorf("%s: got\n%s\nwant (go test -update writes it anew)\n%s", name, got, want)
	}
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
