package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// A description that someone has changed since the plan was made is not overwritten.
func TestSeedOverwritesNoDescriptionUnseen(t *testing.T) {
	s := &shell{t: t, env: map[string]string{}, where: onService}
	s.backoffice()
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "groups.csv"), []byte("name,description\nFinance,Books\nInterns,To come\n"), 0o600))
	seed, err := readSeedFolder(folder)
	check(t, err)
	from := source{service: service{address: s.env["RIGHTFUL_URL"]}}
	policy, err := from.open(t.Context(), process{getenv: func(name string) string { return s.env[name] }})
	check(t, err)
	defer policy.close()
	plan, err := policy.plan(t.Context(), seed, openapi.ImportModeMerge)
	check(t, err)
	theirs := "Counts money"
	_, err = s.service.As("ana").UpdateGroup(t.Context(), "Finance", authz.GroupPatch{Description: &theirs})
	check(t, err)
	done, err := policy.carryOut(t.Context(), seed, plan, "")
	if !errors.As(err, new(conflictError)) || statusOf(err) != statusConflict || done.Changed {
		t.Errorf("%+v, %v", done, err)
	}
	finance, _ := s.service.View().Group("Finance")
	if _, made := s.service.View().Group("Interns"); finance.Description != theirs || made {
		t.Errorf("Finance is described as %q, and Interns exists: %v", finance.Description, made)
	}
}
