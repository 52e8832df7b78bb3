package authz_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// ladder is a policy of nine layers of four groups, each of which inherits the whole next layer, so that the
// lowest rules are reached on 4^8 paths from each group of the first. Every name is as large as possible. The
// users are in all groups of the first layer.
func ladder(t testing.TB, users int, grants ...authz.Pattern) *authz.Engine {
	t.Helper()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	var below []authz.GroupName
	for layer := range 9 {
		var names []authz.GroupName
		for i := range 4 {
			names = append(names, longName(fmt.Sprint(layer, i)))
			spec := authz.GroupSpec{Name: names[i], Inherits: below}
			if layer == 0 {
				spec.Permissions.Grants = grants
			}
			must(t)(root.CreateGroup(ctx, spec))
		}
		below = names
	}
	var ids []authz.UserID
	for i := range users {
		ids = append(ids, authz.UserID(strings.Repeat("𐌰", 96)+fmt.Sprint(1000+i)))
	}
	for _, name := range below {
		must(t)(root.Assign(ctx, name, ids...))
	}
	return engine
}

// longName returns a name of 64 code points, most of them of four bytes.
func longName(end string) authz.GroupName {
	return authz.GroupName(strings.Repeat("𐌰", 64-len(end)) + end)
}

// longPattern returns a pattern of nearly the greatest size.
func longPattern(i int) authz.Pattern {
	return authz.Pattern(strings.Repeat("𐌰", 94) + fmt.Sprint(1000+i) + ":" + strings.Repeat("𐌰", 100))
}

// Answers about a rule that is reached on a great number of long paths stay small, and take little memory to
// build. (Not parallel: it counts what the process allocates.)
func TestOriginsOfManyPathsAreBounded(t *testing.T) {
	var grants []authz.Pattern
	var permissions []authz.Permission
	for i := range 64 {
		grants, permissions = append(grants, longPattern(i)), append(permissions, authz.Permission(longPattern(i)))
	}
	engine := ladder(t, 500, grants...)
	view := engine.View()
	user := view.Users(authz.UserQuery{After: "root", Limit: 1})[0]
	const paths = 4 * 4 * 4 * 4 * 4 * 4 * 4 * 4 * 4
	for _, c := range []struct {
		name  string
		each  int
		lists func() (lists [][]authz.Origin, counts []int)
	}{
		{"explanation", 100, func() (lists [][]authz.Origin, counts []int) {
			for _, p := range view.Explain(user, permissions...).Permissions {
				lists, counts = append(lists, p.Origins), append(counts, p.OriginCount)
			}
			return lists, counts
		}},
		{"effective permissions", 20, func() (lists [][]authz.Origin, counts []int) {
			list, err := engine.Origins(t.Context(), view, user, view.PermissionsOf(user)...)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range list {
				lists, counts = append(lists, p.Origins), append(counts, p.OriginCount)
			}
			return lists, counts
		}},
		{"holders", 20, func() (lists [][]authz.Origin, counts []int) {
			for _, h := range view.Holders(authz.HolderQuery{Permission: permissions[0], After: longName("99").Subject(), Limit: 500}) {
				if h.Subject != "root" {
					lists, counts = append(lists, h.Origins), append(counts, h.OriginCount)
				}
			}
			return lists, counts
		}},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		lists, counts := c.lists()
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Errorf("%s: %d MiB were allocated", c.name, used>>20)
		}
		size := 0
		for i, list := range lists {
			for _, o := range list {
				size += len(o.Pattern) + len(path(o))
			}
			if counts[i] != paths || len(list) == 0 || len(list) > c.each {
				t.Fatalf("%s: %d of %d origins", c.name, len(list), counts[i])
			}
		}
		if len(lists) < 64 || len(lists[0]) != c.each || size > 4<<20 {
			t.Errorf("%s: %d lists, the first of %d origins, with %d bytes", c.name, len(lists), len(lists[0]), size)
		}
	}
}

// Origins are those that a walk of all paths finds, the shortest paths first; and where some are left out,
// none of them is on a shorter path than one of the same kind that is listed.
func TestOriginsAgreeWithAllPaths(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 4))
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
		ctx, root := t.Context(), engine.As("root")
		var names []authz.GroupName
		for i := range 9 {
			spec := authz.GroupSpec{Name: authz.GroupName(fmt.Sprint("G", i))}
			for _, below := range names {
				if r.IntN(3) > 0 {
					spec.Inherits = append(spec.Inherits, below)
				}
			}
			for _, p := range []authz.Pattern{"a:b", "a:*", "*:*"} {
				if r.IntN(5) == 0 {
					spec.Permissions.Grants = append(spec.Permissions.Grants, p)
				}
				if r.IntN(8) == 0 {
					spec.Permissions.Restrictions = append(spec.Permissions.Restrictions, p)
				}
			}
			must(t)(root.CreateGroup(ctx, spec))
			names = append(names, spec.Name)
		}
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		must(t)(root.SetUserGroups(ctx, "ben", names[:3]))
		view := engine.View()
		all := map[authz.RuleKind][]authz.Origin{}
		var walk func(name authz.GroupName, path []authz.Subject)
		walk = func(name authz.GroupName, path []authz.Subject) {
			g, _ := view.Group(name)
			path = append(slices.Clone(path), name.Subject())
			for _, p := range g.Permissions.Grants {
				all[authz.KindGrant] = append(all[authz.KindGrant], authz.Origin{Rule: authz.KindGrant, Pattern: p, Path: path})
			}
			for _, p := range g.Permissions.Restrictions {
				all[authz.KindRestriction] = append(all[authz.KindRestriction], authz.Origin{Rule: authz.KindRestriction, Pattern: p, Path: path})
			}
			for _, below := range g.Inherits {
				walk(below, path)
			}
		}
		for _, name := range names[:3] {
			walk(name, []authz.Subject{"ben"})
		}
		one := view.Explain("ben", "a:b").Permissions[0]
		if got, want := one.OriginCount, len(all[authz.KindGrant])+len(all[authz.KindRestriction]); got != want || len(one.Origins) != min(want, 100) {
			t.Errorf("seed %d: %d of %d origins, want all of %d or 100", seed, len(one.Origins), got, want)
		}
		for kind, want := range all {
			compareShortest(t, kindOf(one.Origins, kind), want)
		}
	}
}

// compareShortest checks that a list has the shortest of all origins, each once.
func compareShortest(t *testing.T, list, all []authz.Origin) {
	t.Helper()
	text := func(o authz.Origin) string { return fmt.Sprint(o.Rule, o.Pattern, path(o)) }
	known := map[string]bool{}
	lengths := make([]int, len(all))
	for i, o := range all {
		known[text(o)], lengths[i] = true, len(o.Path)
	}
	slices.Sort(lengths)
	for i, o := range list {
		if !known[text(o)] || len(o.Path) != lengths[i] {
			t.Errorf("origin %d is %s, with a path of %d steps instead of %d, or repeated", i, text(o), len(o.Path), lengths[i])
		}
		delete(known, text(o))
	}
}
