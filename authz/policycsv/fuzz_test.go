package policycsv_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// FuzzReadPolicy holds that every line in which Casbin sees a rule is read or reported, that it
// is read as Casbin reads it, and that what is read can be written and comes back equal.
func FuzzReadPolicy(f *testing.F) {
	for _, name := range []string{"policy.csv", "bad_policy.csv"} {
		f.Add([]byte(readFile(f, name)))
	}
	for _, bad := range badInPolicy {
		f.Add([]byte(bad.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		policy, err := policycsv.ReadPolicy(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		inRange(t, text, policy.Faults)
		seen := make(map[int]bool)
		for _, fault := range policy.Faults {
			seen[fault.Line] = true
		}
		source := strings.Split(strings.TrimPrefix(string(text), "\uFEFF"), "\n")
		for _, line := range policy.Lines {
			seen[line.Number] = true
			if plain(line.Fields) {
				casbin := casbinFields(t, source[line.Number-1])
				if !reflect.DeepEqual(casbin, line.Fields[:len(casbin)]) {
					t.Errorf("line %d: Casbin reads %q, we %q", line.Number, casbin, line.Fields)
				}
			}
		}
		for i, line := range source {
			if !seen[i+1] && casbinFields(t, line) != nil {
				t.Errorf("line %d was skipped: %q", i+1, line)
			}
		}
		var out bytes.Buffer
		if err := policycsv.WritePolicy(&out, rowsIn(policy)); err != nil {
			if len(text) > 60_000 { // a line near the limit may not fit any more
				return
			}
			t.Fatal(err)
		}
		again, err := policycsv.ReadPolicy(&out)
		if err != nil || again.FaultCount > 0 || len(again.Lines) != len(policy.Lines) {
			t.Fatalf("read %#v and then %#v, %v", policy.Lines, again, err)
		}
		for i, line := range again.Lines {
			if line.Number != i+1 || !reflect.DeepEqual(line.Fields, policy.Lines[i].Fields) {
				t.Errorf("read %#v and then %#v", policy.Lines[i], line)
			}
		}
	})
}

// plain reports whether no field begins or ends with white space, which Casbin may trim and
// the engine refuses.
func plain(fields []string) bool {
	for _, field := range fields {
		if strings.TrimFunc(field, unicode.IsSpace) != field {
			return false
		}
	}
	return true
}

// FuzzReadCatalog holds the same of catalogs.
func FuzzReadCatalog(f *testing.F) {
	for _, name := range []string{"catalog.csv", "bad_catalog.csv"} {
		f.Add([]byte(readFile(f, name)))
	}
	for _, bad := range append(badInCatalog, badAnywhere...) {
		f.Add([]byte("category,permission,label\n" + bad.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		catalog, err := policycsv.ReadCatalog(bytes.NewReader(text))
		if err != nil {
			rejected(t, text, err)
			return
		}
		var out bytes.Buffer
		if err := policycsv.WriteCatalog(&out, catalog); err != nil {
			t.Fatal(err)
		}
		if again, err := policycsv.ReadCatalog(&out); err != nil || !reflect.DeepEqual(again, catalog) {
			t.Errorf("read %q and then %q, %v", catalog, again, err)
		}
	})
}

// FuzzReadGroups holds the same of groups.
func FuzzReadGroups(f *testing.F) {
	for _, name := range []string{"groups.csv", "bad_groups.csv"} {
		f.Add([]byte(readFile(f, name)))
	}
	for _, bad := range append(badInGroups, badAnywhere...) {
		f.Add([]byte("name,description\n" + bad.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		groups, err := policycsv.ReadGroups(bytes.NewReader(text))
		if err != nil {
			rejected(t, text, err)
			return
		}
		var out bytes.Buffer
		if err := policycsv.WriteGroups(&out, groups); err != nil {
			t.Fatal(err)
		}
		if again, err := policycsv.ReadGroups(&out); err != nil || !reflect.DeepEqual(again, groups) {
			t.Errorf("read %q and then %q, %v", groups, again, err)
		}
	})
}

// rejected holds that an error of reading text names lines.
func rejected(t *testing.T, text []byte, err error) {
	t.Helper()
	var rejected *authz.Error
	if !errors.As(err, &rejected) || len(rejected.Faults) == 0 || rejected.Count < len(rejected.Faults) {
		t.Fatalf("got the error %v", err)
	}
	inRange(t, text, rejected.Faults)
}

// inRange holds that faults are in order, of lines that exist, and say something.
func inRange(t *testing.T, text []byte, faults []authz.Fault) {
	t.Helper()
	least, most := 1, bytes.Count(text, []byte("\n"))+1
	for _, fault := range faults {
		if fault.Line < least || fault.Line > most || fault.Detail == "" {
			t.Errorf("%v is out of order or not within %d lines", fault, most)
		}
		least = fault.Line
	}
}
