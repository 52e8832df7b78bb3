package client_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

// Each operation of the document has a method, tried against the real interface.
func TestEveryOperationHasAMethod(t *testing.T) {
	s := newService(t)
	c := s.as(t, "ana")
	callGroupMethods(t, c)
	callUserMethods(t, c)
	callPolicyMethods(t, c)
	callRequestMethods(t, c, s.as(t, "cleo"))
	wantEveryOperation(t, s.seen)
}

func callGroupMethods(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	_, version, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Desk"})
	ok(t, err)
	g := c.Group("Desk")
	_, version, err = g.Update(ctx, version, openapi.GroupPatch{Description: openapi.Set("Answers the telephone")})
	ok(t, err)
	_, _, err = g.SetRules(ctx, version, openapi.Rules{Grants: []string{"orders:view"}})
	ok(t, err)
	_, _, err = g.ChangeRules(ctx, openapi.RulesDelta{Grant: []string{"orders:update"}})
	ok(t, err)
	ok(t, g.Add(ctx, "cleo"))
	ok(t, g.Remove(ctx, "cleo"))
	must[openapi.Members](t)(g.ChangeMembers(ctx, openapi.MembersDelta{Add: []string{"ben"}}))
	group, version, err := g.Get(ctx)
	ok(t, err)
	rules, same, err := g.Rules(ctx)
	ok(t, err)
	if group.Description != "Answers the telephone" || len(rules.Grants) != 2 || version != same {
		t.Errorf("the group is %v at %s, its rules are %v at %s", group, version, rules, same)
	}
	var members []openapi.Member
	for member, err := range g.Members(ctx) {
		ok(t, err)
		members = append(members, member)
	}
	if !slices.Equal(members, []openapi.Member{{User: "ben"}}) {
		t.Errorf("the members are %v", members)
	}

	if people := must[[]openapi.Person](t)(c.People(ctx, "ben", "zoe")); len(people) != 0 {
		t.Errorf("a host without a directory knows %v", people)
	}

	until := time.Now().Add(time.Hour)
	ok(t, g.AddUntil(ctx, "zoe", until))
	var endings []openapi.Ending
	for ending, err := range c.Endings(ctx) {
		ok(t, err)
		endings = append(endings, ending)
	}
	if len(endings) != 1 || endings[0].User != "zoe" || endings[0].Group != "Desk" || endings[0].Until.Sub(until).Abs() > time.Millisecond {
		t.Errorf("the memberships that end are %v", endings)
	}
	ok(t, g.Remove(ctx, "zoe"))

	for item, err := range g.EffectiveRules(ctx) {
		ok(t, err)
		if item.Group != "Desk" || !slices.Equal(item.Path, []string{"Desk"}) || !slices.Equal(item.Rules.Grants, rules.Grants) {
			t.Errorf("the effective rules are %+v", item)
		}
	}
	found := 0
	for item, err := range c.GroupRules(ctx, "desk") {
		ok(t, err)
		if found++; !slices.Equal(item.Rules.Grants, rules.Grants) {
			t.Errorf("the rules are %+v", item)
		}
	}
	if found != 1 {
		t.Errorf("%d groups are called Desk", found)
	}

	holders := map[string]int{}
	for holder, err := range c.PermissionHolders(ctx, "orders:view") {
		ok(t, err)
		holders[holder.Subject] = len(holder.Origins)
	}
	if len(holders) != 4 || holders["group:Desk"] != 1 || holders["ben"] != 1 || holders["ana"] != 1 {
		t.Errorf("it is held by %v", holders)
	}
}

func callUserMethods(t *testing.T, c *client.Client) {
	t.Helper()
	ctx, u := t.Context(), c.User("ben")
	groups, version, err := u.Groups(ctx)
	ok(t, err)
	_, version, err = u.SetGroups(ctx, version, append(groups, openapi.Membership{Group: "Administrators"}))
	ok(t, err)
	_, _, err = u.SetRules(ctx, version, openapi.Rules{Restrictions: []string{"orders:update"}})
	ok(t, err)
	_, _, err = u.ChangeRules(ctx, openapi.RulesDelta{Grant: []string{"orders:delete"}})
	ok(t, err)
	own, version, err := u.Rules(ctx)
	ok(t, err)
	user, same, err := u.Get(ctx)
	ok(t, err)
	if len(own.Grants) != 1 || len(own.Restrictions) != 1 || len(user.Groups) != 2 || version != same {
		t.Errorf("the user is %v at %s, with the rules %v at %s", user, version, own, same)
	}
	var held []string
	for p, err := range u.Effective(ctx) {
		ok(t, err)
		held = append(held, p.Permission)
	}
	if !slices.Contains(held, "orders:delete") || len(held) != len(user.Effective) {
		t.Errorf("ben holds %q, the user has %d", held, len(user.Effective))
	}
	if usage, err := u.Usage(ctx, 90); err != nil || usage.UnknownCount == 0 || usage.Today == "" {
		t.Errorf("the usage of ben is %+v: %v", usage, err)
	}
	if usage, err := c.Group("Administrators").Usage(ctx, 0); err != nil || usage.MemberCount == 0 || usage.Today == "" {
		t.Errorf("the usage of Administrators is %+v: %v", usage, err)
	}
	ok(t, u.Delete(ctx))
	if x := must[openapi.Explanation](t)(u.Explain(ctx, 0, "orders:view")); x.Allowed || len(x.Fixes) == 0 {
		t.Errorf("the explanation for ben, who was deleted, is %+v", x)
	}
	if x := must[openapi.Explanation](t)(u.Decide(ctx, 0, "orders:view")); x.Allowed || x.Fixes != nil {
		t.Errorf("the decision for ben is %+v", x)
	}
	for _, err := range c.Users(ctx, "an") {
		ok(t, err)
	}
	for _, err := range c.Denials(ctx, "ben") {
		ok(t, err)
	}
	if _, err := c.Denial(ctx, "NONE"); !client.Is(err, openapi.ProblemTypeNotFound) {
		t.Errorf("a denial that doesn't exist: %v", err)
	}
}

func callPolicyMethods(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	ok(t, c.Group("Desk").Delete(ctx, client.AnyVersion))
	file := must[[]byte](t)(c.Export(ctx))
	last := must[openapi.Status](t)(c.Status(ctx)).Revision
	if back := must[openapi.Change](t)(c.Because("needed after all").Revert(ctx, last)); back.AddedCount != 2 || back.Reason != "needed after all" {
		t.Errorf("reverting made %v", back)
	}
	if again := must[openapi.Change](t)(c.Revert(ctx, last)); again.Revision != 0 {
		t.Errorf("reverting again made %v", again)
	}
	must[openapi.Change](t)(c.Batch(ctx, func(c *client.Client) error { return c.Group("Desk").Add(ctx, "kim") }))
	_, _, err := c.Group("Desk").Get(ctx)
	ok(t, err)
	if c := must[openapi.Change](t)(c.Change(ctx, last)); c.Action != "group.delete" {
		t.Errorf("the last change was %v", c)
	}
	must[openapi.Change](t)(c.Import(ctx, openapi.ImportModeReplace, strings.NewReader(string(file))))
	must[openapi.Me](t)(c.Me(ctx))
	for _, err := range c.Permissions(ctx, "Rightful > Groups", "") {
		ok(t, err)
	}
	if rights := must[openapi.Rights](t)(c.Rights(ctx)); !rights.Administrator || !slices.Contains(rights.Assigns, "Desk") {
		t.Errorf("the rights are %+v", rights)
	}
	listed := map[string]openapi.Permission{}
	for p, err := range c.Permissions(ctx, "", "") {
		ok(t, err)
		listed[p.Permission] = p
	}
	for p, err := range c.Catalog(ctx) {
		ok(t, err)
		if same := listed[p.Permission]; same.Label != p.Label || !slices.Equal(same.Category, p.Category) {
			t.Errorf("the catalog has %v, and the list of permissions %v", p, same)
		}
		delete(listed, p.Permission)
	}
	if len(listed) > 0 {
		t.Errorf("the catalog lacks %v", listed)
	}
	for _, err := range c.Groups(ctx, "desk") {
		ok(t, err)
	}
	for _, err := range c.Changes(ctx, client.ChangeFilter{Actor: "ana"}) {
		ok(t, err)
	}
}

func callRequestMethods(t *testing.T, ana, cleo *client.Client) {
	t.Helper()
	ctx := t.Context()
	wants := openapi.AccessRequestInput{Permissions: []string{"orders:approve"}, Reason: "dana is away"}
	asked := must[openapi.AccessRequest](t)(cleo.Ask(ctx, wants))
	for r, err := range cleo.MyRequests(ctx, openapi.AccessRequestStateOpen) {
		ok(t, err)
		if r.ID != asked.ID {
			t.Errorf("cleo asked for %+v", r)
		}
	}
	must[openapi.AccessRequest](t)(ana.Decline(ctx, asked.ID, "dana is back"))
	if r := must[openapi.AccessRequest](t)(cleo.MyRequest(ctx, asked.ID)); r.State != openapi.AccessRequestStateDeclined || r.Decision != "dana is back" {
		t.Errorf("declined it is %+v", r)
	}
	asked = must[openapi.AccessRequest](t)(cleo.Ask(ctx, wants))
	ok(t, cleo.Withdraw(ctx, asked.ID))
	asked = must[openapi.AccessRequest](t)(cleo.Ask(ctx, wants))
	for r, err := range ana.Requests(ctx, openapi.AccessRequestStateOpen, "cleo") {
		ok(t, err)
		if r.ID != asked.ID || r.Fixes != nil {
			t.Errorf("a list has %+v", r)
		}
	}
	if n, err := ana.OpenRequests(ctx); n != 1 || err != nil {
		t.Errorf("%d are open: %v", n, err)
	}
	must[openapi.AccessRequest](t)(ana.RequestUntil(ctx, asked.ID, time.Now().Add(time.Hour)))
	seen := must[openapi.AccessRequest](t)(ana.Request(ctx, asked.ID))
	would := must[openapi.Change](t)(ana.Preview(func(c *client.Client) error {
		_, err := c.Approve(ctx, seen, seen.Fixes[0])
		return err
	}))
	approved := must[openapi.AccessRequest](t)(ana.Approve(ctx, seen, seen.Fixes[0]))
	if would.Target != asked.ID || approved.State != openapi.AccessRequestStateApproved || approved.Revision == 0 {
		t.Errorf("the change was to be %+v, and approved it is %+v", would, approved)
	}
	if _, err := ana.Approve(ctx, seen, seen.Fixes[0]); !client.Is(err, openapi.ProblemTypeRequestDecided) {
		t.Errorf("approved again: %v", err)
	}
}

// wantEveryOperation expects a request for each operation except the document and AuthZEN's, which
// are for other services.
func wantEveryOperation(t *testing.T, seen []*http.Request) {
	t.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	ok(t, json.Unmarshal(openapi.Document, &document))
	for path, operations := range document.Paths {
		if path == "/openapi.json" || strings.HasPrefix(path, "/access/") || strings.HasPrefix(path, "/.well-known/") {
			continue
		}
		matches := regexp.MustCompile("^/api/v1" + regexp.MustCompile(`\{.*?\}`).ReplaceAllString(path, "[^/]+") + "$")
		for method := range operations {
			asked := func(r *http.Request) bool {
				return strings.EqualFold(r.Method, method) && matches.MatchString(r.URL.EscapedPath())
			}
			if method != "parameters" && !slices.ContainsFunc(seen, asked) {
				t.Errorf("no method does %s %s", strings.ToUpper(method), path)
			}
		}
	}
}
