package authz_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// BenchmarkUnknownPermissions is a dry run that names 100 unknown permissions of full length in characters of
// four bytes, against a catalog of 10,000 that look alike (A1).
func BenchmarkUnknownPermissions(b *testing.B) {
	name := func(i int, r rune) string {
		object, action := []rune(strings.Repeat("𝒳", 100)), []rune(strings.Repeat("𝒴", 100))
		object[i%100], action[i/100] = r, r
		return string(object) + ":" + string(action)
	}
	var declared authz.Catalog
	for i := range 10_000 {
		declared = append(declared, authz.Entry{Permission: authz.Permission(name(i, '𝒜')), Label: "L"})
	}
	engine := open(b, memstore.New(), authz.Options{Bootstrap: "ana", Catalog: declared})
	var delta authz.RulesDelta
	for i := range 100 {
		delta.Grant = append(delta.Grant, authz.Pattern(name(i, '𝒵')))
	}
	dry := engine.As("ana").DryRun()
	for b.Loop() {
		if _, err := dry.ChangeUserPermissions(b.Context(), "nobody", delta); !errors.Is(err, authz.ErrUnknownPermission) {
			b.Fatal(err)
		}
	}
}
