package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

var _ authz.PeopleDirectory = (*users)(nil)

// Administrators see names, and find people by them.
func TestPeopleHaveNames(t *testing.T) {
	o := newOffice(t)
	ana := o.signIn("ana")
	if r := o.want(http.StatusOK, "GET", "/api/v1/users/cleo", "", ana); !strings.Contains(r.body, `"display_name":"Cleo Marchand"`) {
		t.Errorf("the user is %s", r.body)
	}
	for text, want := range map[string]string{"MARCHAND": "cleo", "cleo m": "cleo", "%": "", "_": "", "o’n": "finn"} {
		found, err := o.users.FindPeople(t.Context(), text, 10)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, p := range found {
			ids = append(ids, string(p.ID))
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%q finds %q, not %q", text, got, want)
		}
	}
	if found, err := o.users.FindPeople(t.Context(), "a", 2); err != nil || len(found) != 2 {
		t.Errorf("the limit isn't kept: %v, %v", found, err)
	}
}

// The people of another seed have no names here, and keep their ids.
func TestPeopleWithoutNames(t *testing.T) {
	o := newOffice(t)
	if err := o.db.Create(&account{ID: "new", PasswordHash: "x"}).Error; err != nil {
		t.Fatal(err)
	}
	if found, err := o.users.People(t.Context(), []authz.UserID{"new", "ana", "nobody"}); err != nil || len(found) != 1 || found[0].Name != "Ana Ortiz" {
		t.Errorf("%v, %v", found, err)
	}
}
