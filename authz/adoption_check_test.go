package authz_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

func readTestdata(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tableOf returns the rows of a table of another program in testdata.
func tableOf(t testing.TB, name string) []authz.Row {
	t.Helper()
	var rows []authz.Row
	for line := range strings.Lines(readTestdata(t, "adoption/"+name+".csv")) {
		rows = append(rows, row(strings.Split(strings.TrimSpace(line), ", ")...))
	}
	return rows
}

func checkAdoption(t testing.TB, o authz.AdoptOptions, rows ...authz.Row) authz.AdoptionReport {
	t.Helper()
	report, err := authz.CheckAdoption(t.Context(), storeOf(rows...), o)
	if err != nil {
		t.Fatal(err)
	}
	if report.Comparison.Failed != "" {
		t.Fatal(report.Comparison.Failed)
	}
	return report
}

// differs reports whether a difference about these values is listed, and with which cause.
func differs(r authz.AdoptionReport, values ...string) (authz.DifferenceCause, bool) {
	for _, d := range r.Comparison.Differences {
		if slices.Equal(d.Values, values) {
			return d.Cause, true
		}
	}
	return "", false
}

// The decisions of plain RBAC stay as they were.
func TestCheckAdoptionOfPlainRBAC(t *testing.T) {
	t.Parallel()
	report := checkAdoption(t, authz.AdoptOptions{}, tableOf(t, "plain")...)
	if !report.Fits() || report.Comparison.DifferenceCount != 0 || report.Comparison.Asked == 0 || int64(report.Comparison.Asked) != report.Comparison.Possible {
		t.Errorf("%+v", report)
	}
	if report.Count[authz.RowRewritten] != len(report.Rows) { // none has an effect or a marked group
		t.Errorf("%v", report.Count)
	}
	if want := []authz.GroupName{authz.Administrators, "office", "warehouse", "warehouse lead"}; !slices.Equal(report.Groups, want) {
		t.Errorf("groups %v", report.Groups)
	}
}

// Paths with parameters are compared as text, and the report says what to do about it. A subject that
// the old matcher names is found.
func TestCheckAdoptionOfPaths(t *testing.T) {
	t.Parallel()
	for _, asGroups := range []bool{false, true} {
		report := checkAdoption(t, authz.AdoptOptions{Model: readTestdata(t, "adoption/paths.conf"), SubjectsAsGroups: asGroups}, tableOf(t, "paths")...)
		if report.Fits() || report.Count[authz.RowBad] > 0 {
			t.Errorf("%v", report.Count)
		}
		if cause, found := differs(report, "888", "/user/rightful-probe", "GET"); !found || cause != authz.CausePattern {
			t.Errorf("a path of the template: %v, %q", found, cause)
		}
		if cause, found := differs(report, "root", "/user/:id", "GET"); !found || cause != authz.CauseSubject {
			t.Errorf("root: %v, %q", found, cause)
		}
		for _, same := range [][]string{{"888", "/user/:id", "GET"}, {"9528", "/user/getUserInfo", "POST"}, {"9528", "/files/rightful-probe", "GET"}} {
			if cause, found := differs(report, same...); found {
				t.Errorf("%v differs: %q", same, cause)
			}
		}
		text := fmt.Sprint(report.Comparison.Advice)
		for _, want := range []string{"keyMatch2", "template", "rightful bootstrap"} {
			if !strings.Contains(text, want) {
				t.Errorf("the advice doesn't say %q: %s", want, text)
			}
		}
		if got := slices.Contains(report.Groups, "888"); got != asGroups {
			t.Errorf("888 is a group: %v", got)
		}
	}
}

// Domains can't be adopted, and the report says so.
func TestCheckAdoptionOfDomains(t *testing.T) {
	t.Parallel()
	report := checkAdoption(t, authz.AdoptOptions{Model: readTestdata(t, "adoption/domains.conf")}, tableOf(t, "domains")...)
	if report.Fits() || !report.Comparison.Domains || report.Count[authz.RowBad] != 7 || report.Comparison.DifferenceCount == 0 {
		t.Errorf("%+v", report)
	}
	if cause, found := differs(report, "otto", "north", "orders", "view"); !found || cause != authz.CauseDomain {
		t.Errorf("%v, %q", found, cause)
	}
	if _, found := differs(report, "otto", "south", "orders", "view"); found {
		t.Error("otto is no clerk in the south, before or after")
	}
}

// Links of a cycle become bad rows, which may deny more than before and never less.
func TestCheckAdoptionOfCycles(t *testing.T) {
	t.Parallel()
	report := checkAdoption(t, authz.AdoptOptions{Model: readTestdata(t, "adoption/cycles.conf")}, tableOf(t, "cycles")...)
	if report.Fits() || report.Comparison.GainCount != 0 || report.Count[authz.RowBad] != 2 {
		t.Errorf("%v, %+v", report.Count, report.Comparison)
	}
	if cause, found := differs(report, "vera", "tickets", "view"); !found || cause != authz.CauseBadRow {
		t.Errorf("%v, %q", found, cause)
	}
	if _, found := differs(report, "tom", "tickets", "view"); found {
		t.Error("tom is in no cycle")
	}
}

// What only the adopted policy would allow is found, even if no row names it.
func TestCheckAdoptionFindsGains(t *testing.T) {
	t.Parallel()
	report := checkAdoption(t, authz.AdoptOptions{}, row("p", "ben", "orders.*", "view"), row("p", "cleo", "orders", "*"))
	if report.Comparison.GainCount == 0 || report.Fits() {
		t.Errorf("%+v", report.Comparison)
	}
	if cause, found := differs(report, "ben", "orders.rightful-probe", "view"); !found || cause != authz.CauseWildcard {
		t.Errorf("%v, %q", found, cause)
	}
	keyMatch := strings.NewReplacer("r.obj == p.obj", "keyMatch(r.obj, p.obj)", "r.act == p.act", `(p.act == "*" || r.act == p.act)`).
		Replace(readTestdata(t, "adoption/cycles.conf"))
	report = checkAdoption(t, authz.AdoptOptions{Model: keyMatch}, row("p", "ben", "orders.*", "view", "allow"), row("p", "cleo", "orders", "*", "allow"))
	if !report.Fits() {
		t.Errorf("%+v", report.Comparison)
	}
}

// A regular expression is compared by texts that it matches.
func TestCheckAdoptionOfRegularExpressions(t *testing.T) {
	t.Parallel()
	model := strings.Replace(readTestdata(t, "adoption/cycles.conf"), "r.act == p.act", "regexMatch(r.act, p.act)", 1)
	report := checkAdoption(t, authz.AdoptOptions{Model: model}, row("p", "ben", "/orders", "(GET)|(POST)", "allow"))
	for _, action := range []string{"GET", "POST"} {
		if cause, found := differs(report, "ben", "/orders", action); !found || cause != authz.CausePattern {
			t.Errorf("%s: %v, %q", action, found, cause)
		}
	}
}

// A function that the application registers with its Casbin can't be asked, and the report says so.
func TestCheckAdoptionWithAnUnknownFunction(t *testing.T) {
	t.Parallel()
	model := strings.Replace(readTestdata(t, "adoption/cycles.conf"), "r.act == p.act", "ourMatch(r.act, p.act)", 1)
	report, err := authz.CheckAdoption(t.Context(), storeOf(tableOf(t, "cycles")...), authz.AdoptOptions{Model: model})
	if err != nil || report.Fits() || !strings.Contains(report.Comparison.Failed, "ourMatch") {
		t.Errorf("%v, %+v", err, report.Comparison)
	}
}

// Rows that plain Casbin doesn't load are reported, and the others compared.
func TestCheckAdoptionReportsUnreadRows(t *testing.T) {
	t.Parallel()
	report := checkAdoption(t, authz.AdoptOptions{Model: readTestdata(t, "adoption/paths.conf")},
		row("p", "888", "/a", "GET"), row("p", "888", "/a", "GET", "allow"), row("x", "y"), row("", ""), row("g", "ben"))
	if report.Comparison.UnreadCount != 4 || report.Comparison.Unread[0].ID != 2 || report.Fits() {
		t.Errorf("%+v", report.Comparison)
	}
}

// Of a large table a sample is asked, the same each time.
func TestCheckAdoptionOfALargeTable(t *testing.T) {
	t.Parallel()
	var rows []authz.Row
	for i := range 300 {
		rows = append(rows, row("p", fmt.Sprint("role", i%20), fmt.Sprint("object", i), "view"), row("g", fmt.Sprint("user", i), fmt.Sprint("role", i%20)))
	}
	o := authz.AdoptOptions{MaxQuestions: 1000}
	report := checkAdoption(t, o, rows...)
	c := report.Comparison
	if c.Asked != 1000 || c.Possible != 320*300 || !report.Fits() {
		t.Errorf("asked %d of %d: %+v", c.Asked, c.Possible, c)
	}
	rows[0].V[3] = "deny"
	rows = append(rows, row("p", "role1", "obj*", "view"))
	first, second := checkAdoption(t, o, rows...), checkAdoption(t, o, rows...)
	if a, b := fmt.Sprint(first), fmt.Sprint(second); a != b {
		t.Error("two checks of one table differ")
	}
	if r := checkAdoption(t, authz.AdoptOptions{MaxQuestions: -1}, rows...); r.Comparison.Asked != 0 {
		t.Errorf("asked %d", r.Comparison.Asked)
	}
}

// What a check says of a table is what its adoption does, and decisions after it are those that it
// compared.
func TestCheckAdoptionSaysWhatAdoptionDoes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain", "paths", "domains", "cycles"} {
		rows := tableOf(t, name)
		report := checkAdoption(t, authz.AdoptOptions{}, rows...)
		store := storeOf(rows...)
		engine := open(t, store, authz.Options{Adopt: adopting})
		checkRecords(t, engine)
		if got, want := len(engine.View().BadRows()), report.Count[authz.RowBad]; got != want {
			t.Errorf("%s: %d bad rows, %d announced", name, got, want)
		}
		if got, want := len(engine.View().Groups("")), len(report.Groups); got != want {
			t.Errorf("%s: %d groups, %d announced", name, got, want)
		}
		after, err := authz.CheckAdoption(t.Context(), store, authz.AdoptOptions{})
		if err != nil || after.Adopted != 1 {
			t.Errorf("%s: after the adoption: %v, %+v", name, err, after)
		}
	}
}
