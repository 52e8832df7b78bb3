package authz_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/internal/fold"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The combined effect of rules on a type and on a single resource of it.
func TestPermits(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	for user, rules := range map[authz.UserID]authz.Rules{
		"typist":  {Grants: []authz.Pattern{"record:read"}},
		"one":     {Grants: []authz.Pattern{"record.17:read"}},
		"but":     {Grants: []authz.Pattern{"record:read"}, Restrictions: []authz.Pattern{"record.17:read"}},
		"dotted":  {Grants: []authz.Pattern{"file:read", "file.a.txt:read", "/files/:GET"}, Restrictions: []authz.Pattern{"file.b.pdf:read", "file.c.*:read", "/files/x:GET"}},
		"never":   {Grants: []authz.Pattern{"record.17:read"}, Restrictions: []authz.Pattern{"record:*"}},
		"below":   {Grants: []authz.Pattern{"record.*:read"}},
		"colon":   {Grants: []authz.Pattern{"a:b:c"}},
		"root":    {Restrictions: []authz.Pattern{"record:read"}},
		"another": {Grants: []authz.Pattern{"record.17:*", "*:write"}},
	} {
		must(t)(root.SetUserPermissions(ctx, user, rules))
	}
	must(t)(root.Assign(ctx, authz.Administrators, "root"))
	for _, c := range []struct {
		user     authz.UserID
		kind, id string
		action   string
		want     bool
	}{
		{"typist", "record", "17", "read", true},
		{"typist", "record", "a.b", "read", true},
		{"typist", "record", "", "read", true},
		{"typist", "record", "17", "write", false},
		{"typist", "records", "17", "read", false},
		{"one", "record", "17", "read", true},
		{"one", "record", "18", "read", false},
		{"one", "record", "1", "read", false},
		{"one", "record", "", "read", false},
		{"but", "record", "18", "read", true},
		{"but", "record", "17", "read", false},
		{"never", "record", "17", "read", false},
		{"below", "record", "17", "read", true},
		{"below", "record", "1:7", "read", false},
		{"below", "record", "*", "read", false},
		{"below", "record", "1/7", "read", false},
		{"below", "record", "1.7", "read", false},
		{"dotted", "file", "a.pdf", "read", true},
		{"dotted", "file", "b.pdf", "read", false},
		{"dotted", "file", "c.pdf", "read", false},
		{"dotted", "file", "c/1.pdf", "read", true},
		{"dotted", "/files/", "y", "GET", true},
		{"dotted", "/files/", "x", "GET", false},
		{"colon", "a:b", "1", "c", true},
		{"colon", "a", "1", "b:c", false},
		{"another", "record", "17", "any:thing", true},
		{"another", "record", "18", "any:thing", false},
		{"another", "x", "y", "write", true},
		{"root", "record", "17", "read", true},
		{"root", "", "", "read", false},
		{"root", "", "17", "read", false},
		{"root", "record", "17", "", false},
		{"", "record", "17", "read", false},
		{"group:Administrators", "record", "17", "read", false},
		{"nobody", "record", "17", "read", false},
	} {
		resource := authz.Resource{Type: c.kind, ID: c.id}
		if got := engine.View().Permits(c.user, c.action, resource); got != c.want {
			t.Errorf("%q may %q %+v: %v", c.user, c.action, resource, got)
		}
	}
}

// Types, ids and actions that the rules of [bytesReader.policy] are about or just miss.
var (
	someTypes = []string{"a", "a.b", "a.b.c", "ab", "/a", "a/b", "x:y", "x", "a.", "a/", "*", "a.*", "zz", ""}
	someIDs   = []string{"b", "c", "d", "17", "", "b.c", "b/c", "*", "y:z", ":", "b*"}
	someVerbs = []string{"v", "w", "zz", "*", "y:v", "b:v", ""}
)

// The answer is that of Casbin asked about the type and about the single resource: a grant must
// match one of them, of which the second counts if its id is one segment, and a restriction neither. Whether a restriction matches shows once everyone
// is granted everything.
func TestPermitsMatchesTwoCasbinQuestions(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 1))
	permitted := map[bool]int{}
	for range 120 {
		data := make([]byte, 300)
		for i := range data {
			data[i] = byte(r.IntN(256))
		}
		file := (&bytesReader{data}).policy(newReferenceModel())
		view, casbin := openBesideCasbin(t, file)
		for _, u := range fuzzUsers {
			file.Lines = append(file.Lines, line(1000, authz.Rule{Kind: authz.KindGrant, Subject: authz.Subject(u), Pattern: authz.Everything}))
		}
		_, unrestricted := openBesideCasbin(t, file)
		for range 150 {
			user, kind, id, action := pick(r, fuzzUsers), pick(r, someTypes), pick(r, someIDs), pick(r, someVerbs)
			want := false
			if kind != "" && action != "" {
				want = casbin(user, kind, action) && unrestricted(user, kind, action)
				one := recordObject(authz.Resource{Type: kind, ID: id})
				if id != "" {
					isOne := !strings.ContainsAny(id, "./:*") && casbin(user, one, action)
					want = (casbin(user, kind, action) || isOne) && unrestricted(user, kind, action) && unrestricted(user, one, action)
				} else if !strings.Contains(action, ":") && view.Can(user, authz.Permission(kind+":"+action)) != want {
					t.Fatalf("%q and %s:%s: Can says %v", user, kind, action, !want)
				}
			}
			if got := view.Permits(user, action, authz.Resource{Type: kind, ID: id}); got != want {
				t.Fatalf("%q may %q %q of %q: %v, Casbin says %v; %v", user, action, id, kind, got, want, file.Lines)
			}
			permitted[want]++
		}
	}
	if permitted[true] < 1000 || permitted[false] < 1000 {
		t.Errorf("the questions are %v", permitted)
	}
}

// recordObject is the object of rules about a single resource.
func recordObject(r authz.Resource) string {
	if strings.HasSuffix(r.Type, "/") {
		return r.Type + r.ID
	}
	return r.Type + "." + r.ID
}

// openBesideCasbin opens an engine with a policy, and Casbin on the same policy.
func openBesideCasbin(t *testing.T, file authz.PolicyFile) (*authz.View, func(authz.UserID, string, string) bool) {
	t.Helper()
	engine := open(t, memstore.New(), authz.Options{})
	must(t)(engine.AsCommand("test").Import(t.Context(), file, authz.ImportMerge))
	enforcer, err := engine.View().Enforcer()
	if err != nil {
		t.Fatal(err)
	}
	return engine.View(), func(user authz.UserID, object, action string) bool {
		ok, err := enforcer(user, object, action)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
}

// Searches find everything that Permits permits, and nothing else.
func TestSearchesAgreeWithPermits(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 2))
	found := 0
	for round := range 60 {
		data := make([]byte, 300)
		for i := range data {
			data[i] = byte(r.IntN(256))
		}
		w, options := newReferenceModel(), authz.Options{}
		if round%2 == 0 {
			options.Catalog = fuzzCatalog()
		}
		engine := open(t, memstore.New(), options)
		must(t)(engine.AsCommand("test").Import(t.Context(), (&bytesReader{data}).policy(w), authz.ImportMerge))
		view := engine.View()
		for range 60 {
			resource := authz.Resource{Type: pick(r, someTypes), ID: pick(r, someIDs)}
			user, action := pick(r, fuzzUsers), pick(r, someVerbs)
			found += checkUsers(t, view, action, resource)
			found += checkActions(t, view, w, options.Catalog, user, resource)
		}
	}
	if found < 2000 {
		t.Errorf("only %d were found", found)
	}
}

func checkUsers(t *testing.T, view *authz.View, action string, resource authz.Resource) int {
	t.Helper()
	want := slices.DeleteFunc(view.Users(authz.UserQuery{}), func(u authz.UserID) bool { return !view.Permits(u, action, resource) })
	if got := view.Users(authz.UserQuery{Access: &authz.Access{Action: action, Resource: resource}, After: "", Limit: 0}); !slices.Equal(got, want) {
		t.Fatalf("%q may %q %+v, found are %q", want, action, resource, got)
	}
	var parts []authz.UserID
	for after := authz.UserID(""); ; after = parts[len(parts)-1] {
		part := view.Users(authz.UserQuery{Access: &authz.Access{Action: action, Resource: resource}, After: after, Limit: 2})
		if parts = append(parts, part...); len(part) < 2 {
			break
		}
	}
	if !slices.Equal(parts, want) {
		t.Fatalf("in parts found are %q, not %q", parts, want)
	}
	return len(want)
}

// checkActions tries every action that a rule or the catalog names for the resource.
func checkActions(t *testing.T, view *authz.View, w *referenceModel, catalog authz.Catalog, user authz.UserID, resource authz.Resource) int {
	t.Helper()
	objects := []string{resource.Type}
	if resource.ID != "" && !strings.ContainsAny(resource.ID, "./:*") {
		objects = append(objects, recordObject(resource))
	}
	known := map[string]bool{}
	note := func(p authz.Permission) {
		object, action, _ := p.Split()
		prefix, wild := strings.CutSuffix(object, "*")
		for _, o := range objects {
			if action != "*" && (o == object || wild && strings.HasPrefix(o, prefix)) {
				known[action] = true
			}
		}
	}
	for rule := range w.rules {
		if rule.Pattern != "" {
			note(authz.Permission(rule.Pattern))
		}
	}
	for _, e := range catalog {
		note(e.Permission)
	}
	want := []string{}
	for action := range known {
		if view.Permits(user, action, resource) {
			want = append(want, action)
		}
	}
	slices.SortFunc(want, fold.Compare)
	if got := view.PermittedActions(user, resource); !slices.Equal(got, want) {
		t.Fatalf("%q may %q %+v, found are %q", user, want, resource, got)
	}
	return len(want)
}

// Rightful's own rights are found like others, including the rights to assign members.
func TestPermittedActionsOnRightfulItself(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	must(t)(engine.As("root").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	for resource, want := range map[authz.Resource][]string{
		{Type: "rightful.groups"}:          {"create", "delete", "update", "view"},
		{Type: "rightful", ID: "users"}:    {"update", "view"},
		{Type: "rightful.members/Desk"}:    {"assign"},
		{Type: "rightful.members/Nobody"}:  {},
		{Type: "rightful.members", ID: ""}: {},
	} {
		if got := engine.View().PermittedActions("root", resource); !slices.Equal(got, want) {
			t.Errorf("%+v: %q", resource, got)
		}
	}
}

// Past MaxAge nothing is permitted and nobody is found (promise 8).
func TestPermitsPastMaxAge(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root", MaxAge: 1, PollInterval: time.Hour})
	view, resource := engine.View(), authz.Resource{Type: "rightful.groups"}
	if view.Permits("root", "view", resource) || len(view.Users(authz.UserQuery{Access: &authz.Access{Action: "view", Resource: resource}, After: "", Limit: 0})) > 0 || len(view.PermittedActions("root", resource)) > 0 {
		t.Error("older than the host allows, and still permitted")
	}
}

// A bad row that may be a restriction denies its subject here too (promise 9).
func TestPermitsWithBadRows(t *testing.T) {
	t.Parallel()
	resource := authz.Resource{Type: "a", ID: "b"}
	for name, c := range map[string]struct {
		row  authz.Row
		want []authz.UserID
	}{
		"none":              {row("g", "cleo", "group:Juniors"), []authz.UserID{"ana", "ben", "cleo", "jo"}},
		"of one user":       {row("p", "ben", "x", "y", "refuse"), []authz.UserID{"ana", "cleo", "jo"}},
		"of a group":        {row("p", "group:Juniors", "x*y", "y", "deny"), []authz.UserID{"ana", "ben", "cleo"}},
		"of nobody":         {row("p", "", "x", "y", "deny"), []authz.UserID{"ana", "ben", "cleo", "jo"}},
		"of administrators": {row("p", "ana", "x*y", "y", "deny"), []authz.UserID{"ana", "ben", "cleo", "jo"}},
	} {
		view := openWithRows(t, c.row).View()
		if got := view.Users(authz.UserQuery{Access: &authz.Access{Action: "view", Resource: resource}, After: "", Limit: 0}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
		for _, user := range []authz.UserID{"ana", "ben", "cleo", "jo"} {
			if got := view.Permits(user, "view", resource); got != slices.Contains(c.want, user) {
				t.Errorf("%s: %s is permitted: %v", name, user, got)
			}
		}
	}
}
