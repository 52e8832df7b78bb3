package api_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// phoneBook is a directory of people by id.
type phoneBook map[authz.UserID]authz.Person

func (phoneBook) Active(context.Context, authz.UserID) (bool, error) { return true, nil }

func (b phoneBook) People(_ context.Context, users []authz.UserID) (list []authz.Person, _ error) {
	for _, id := range users {
		if id == "broken" {
			return nil, errors.New("no answer")
		}
		if p, ok := b[id]; ok {
			list = append(list, p)
		}
	}
	return list, nil
}

func (b phoneBook) FindPeople(_ context.Context, text string, _ int) (list []authz.Person, _ error) {
	for _, p := range b {
		if strings.Contains(strings.ToLower(p.Name+p.Email), strings.ToLower(text)) {
			list = append(list, p)
		}
	}
	return list, nil
}

func newPhoneBook() phoneBook {
	return phoneBook{
		"dana":  {ID: "dana", Name: `Dana "<Deposit>" & Söhne`, Email: "dana@example.com"},
		"fresh": {ID: "fresh", Name: "Fresh Danish", Email: "fresh@example.com"},
	}
}

// Lists of users, one user, members and explanations have the names of the directory, as they are.
func TestAnswersHaveNames(t *testing.T) {
	d := newDesk(t, func(o *authz.Options) { o.Directory = newPhoneBook() })
	name := newPhoneBook()["dana"].Name
	for path, find := range map[string]func(map[string]any) any{
		"/users/dana":                            func(j map[string]any) any { return j["display_name"] },
		"/users/dana/explanation?permission=a:b": func(j map[string]any) any { return j["display_name"] },
		"/groups/Finance/members":                func(j map[string]any) any { return j["items"].([]any)[0].(map[string]any)["display_name"] },
		"/users?group=Finance":                   func(j map[string]any) any { return j["items"].([]any)[0].(map[string]any)["display_name"] },
	} {
		if got := find(d.get("viewer", path).want(200).json()); got != name {
			t.Errorf("%s has the name %v", path, got)
		}
	}
	if r := d.get("viewer", "/users/fresh").want(200).json(); r["known"] != false || r["email"] != "fresh@example.com" {
		t.Errorf("a user that only the directory knows is %v", r)
	}
	if r := d.get("viewer", "/users/cleo").want(200); strings.Contains(r.body, "display_name") || strings.Contains(r.body, "email") {
		t.Errorf("a user without a name is %s", r.body)
	}
}

// Names are looked up in the order asked, each user once. Users that the directory doesn't know are left out.
func TestPeopleAreLookedUp(t *testing.T) {
	d := newDesk(t, func(o *authz.Options) { o.Directory = newPhoneBook() })
	r := d.get("viewer", "/people?user=fresh&user=cleo&user=dana&user=fresh").want(200)
	want := `{"items":[{"id":"fresh","display_name":"Fresh Danish","email":"fresh@example.com"},` +
		`{"id":"dana","display_name":"Dana \"<Deposit>\" & Söhne","email":"dana@example.com"}]}`
	if r.body != want {
		t.Errorf("found are %s", r.body)
	}
	d.do("viewer", "GET", "/people?user=fresh&user=cleo&user=dana&user=fresh", "", "If-None-Match", r.header.Get("ETag")).want(304)
	if r := d.get("viewer", "/people?user=broken").want(200); r.body != `{"items":[]}` {
		t.Errorf("a directory that fails knows %s", r.body)
	}
	if r := newDesk(t).get("viewer", "/people?user=dana").want(200); r.body != `{"items":[]}` {
		t.Errorf("without a directory, found are %s", r.body)
	}
	d.get("nobody", "/people?user=dana").problem(403, "forbidden")
	d.get("viewer", "/people").problem(400, "malformed-request")
	d.get("viewer", "/people?user=group:Finance").problem(400, "malformed-request")
	d.get("viewer", "/people?user=x"+strings.Repeat("&user=x", 99)).want(200)
	d.get("viewer", "/people?user=x"+strings.Repeat("&user=x", 100)).problem(400, "malformed-request")
}

// A search finds people by name as well, known to the policy or not, each once and in pages.
func TestUsersAreFoundByName(t *testing.T) {
	book := newPhoneBook()
	d := newDesk(t, func(o *authz.Options) { o.Directory = book })
	r := d.get("viewer", "/users?q=DAN").want(200)
	want := `{"items":[{"id":"dana","display_name":"Dana \"<Deposit>\" & Söhne","email":"dana@example.com","known":true,"groups":[{"group":"Finance"}]},` +
		`{"id":"fresh","display_name":"Fresh Danish","email":"fresh@example.com","known":false,"groups":[]}],"total":2}`
	if r.body != want {
		t.Errorf("found are %s", r.body)
	}
	first := d.get("viewer", "/users?q=DAN&limit=1").want(200)
	second := d.get("viewer", "/users?q=DAN&limit=1&cursor="+first.json()["next_cursor"].(string))
	if ids := append(first.items("id"), second.items("id")...); len(ids) != 2 || ids[1] != "fresh" || second.json()["next_cursor"] != nil {
		t.Errorf("the pages have %q", ids)
	}
	if ids := d.get("viewer", "/users?q=dan&group=Finance").items("id"); len(ids) != 1 || ids[0] != "dana" {
		t.Errorf("in Finance are %q", ids)
	}
	if ids := d.get("viewer", "/users").items("id"); strings.Contains(strings.Join(ids, " "), "fresh") {
		t.Errorf("without a search the list has %q", ids)
	}
	// The tag of the list differs by what the directory says.
	book["fresh"] = authz.Person{ID: "fresh", Name: "Fresh Dane"}
	d.do("viewer", "GET", "/users?q=DAN", "", "If-None-Match", r.header.Get("ETag")).want(200)
	d.get("cleo", "/users?q=DAN").problem(403, "forbidden")
}

// A directory that fails leaves names out and nothing else.
func TestAnswersWithoutTheDirectory(t *testing.T) {
	d := newDesk(t, func(o *authz.Options) { o.Directory = newPhoneBook() })
	d.do("admin", "PUT", "/groups/Finance/members/broken", "").want(204)
	for _, path := range []string{"/groups/Finance/members", "/users?group=Finance", "/users/broken", "/users/dana/explanation?permission=a:b"} {
		if r := d.get("viewer", path).want(200); strings.Contains(r.body, "display_name") {
			t.Errorf("%s is %s", path, r.body)
		}
	}
}
