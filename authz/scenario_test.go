package authz_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// decision is one line of a scenario's decisions.csv.
type decision struct {
	user       authz.UserID
	permission authz.Permission
	allowed    bool
	why        string
}

func scenarios(t *testing.T) []string {
	t.Helper()
	return []string{filepath.Join("testdata", "backoffice"), filepath.Join("testdata", "chat")}
}

func decisions(t *testing.T, dir string) []decision {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "decisions.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []decision
	for _, l := range lines[1:] {
		list = append(list, decision{authz.UserID(l[0]), authz.Permission(l[1]), l[2] == "true", l[3]})
	}
	if len(list) < 10 {
		t.Fatalf("%s has %d decisions", dir, len(list))
	}
	return list
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, dir := range scenarios(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			engine := open(t, memstore.New(), authz.Options{Seed: seed(t, dir)})
			plain := plainCasbin(t, engine.View().Export())
			for _, d := range decisions(t, dir) {
				if got := engine.Can(d.user, d.permission); got != d.allowed {
					t.Errorf("Can(%q, %q) = %v: %s", d.user, d.permission, got, d.why)
				}
				if got := engine.Explain(d.user, d.permission).Allowed; got != d.allowed {
					t.Errorf("Explain(%q, %q) = %v: %s", d.user, d.permission, got, d.why)
				}
				object, action, _ := d.permission.Split()
				if got, err := plain.Enforce(string(d.user), object, action); err != nil || got != d.allowed {
					t.Errorf("plain Casbin's Enforce(%q, %q) = %v, %v: %s", d.user, d.permission, got, err, d.why)
				}
			}
			if drift := engine.Drift(10); drift.MissingCount+drift.ExtraCount+len(drift.Missing)+len(drift.Extra) > 0 {
				t.Errorf("a fresh store has moved from its seed: %+v", drift)
			}
		})
	}
}
