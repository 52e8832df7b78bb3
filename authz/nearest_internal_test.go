package authz

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// businessCatalog declares n permissions that are named like those of a large application.
func businessCatalog(t testing.TB, n int) *catalog {
	t.Helper()
	areas := []string{"clients", "finance", "requests", "system", "reports", "orders", "billing", "support", "market", "staff"}
	things := []string{"profiles", "balances", "deposits", "resolutions", "operations", "invoices", "tickets", "documents", "limits", "notes"}
	actions := []string{"view", "create", "update", "delete", "export", "approve"}
	var declared Catalog
	for i := 0; len(declared) < n; i++ {
		object := fmt.Sprintf("%s.%s%d", areas[i%10], things[i/10%10], i/100)
		for _, action := range actions[:min(len(actions), n-len(declared))] {
			declared = append(declared, Entry{Permission: Permission(object + ":" + action), Label: "L"})
		}
	}
	c, err := newCatalog(declared)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// longNames returns names of the greatest length, in characters of four bytes. They differ from one another
// in two places.
func longNames(n int, seed rune) []Permission {
	names := make([]Permission, n)
	for i := range names {
		object, action := []rune(strings.Repeat("𝒳", maxObject)), []rune(strings.Repeat("𝒴", maxAction))
		object[i%maxObject], action[i/maxObject%maxAction] = seed, seed
		names[i] = Permission(string(object) + ":" + string(action))
	}
	return names
}

func catalogOf(t testing.TB, names []Permission) *catalog {
	t.Helper()
	var declared Catalog
	for _, p := range names {
		declared = append(declared, Entry{Permission: p, Label: "L"})
	}
	c, err := newCatalog(declared)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// editDistance is the plain Levenshtein distance in code points.
func editDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			d := diagonal
			if a[i] != b[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}

// typo returns a text with one mistake of a typist.
func typo(r *rand.Rand, text string) string {
	b := []byte(text)
	i := r.IntN(len(b) - 1)
	switch r.IntN(4) {
	case 0:
		b[i], b[i+1] = b[i+1], b[i]
	case 1:
		b = slices.Delete(b, i, i+1)
	case 2:
		b = slices.Insert(b, i, b[i])
	default:
		b[i] = byte('a' + r.IntN(26))
	}
	return string(b)
}

// The suggestions for names with a few typos are as near as those that a comparison with the whole catalog
// finds.
func TestSuggestionsAreTheNearest(t *testing.T) {
	WithoutRaces(t)
	t.Parallel()
	c := businessCatalog(t, 1000)
	r := rand.New(rand.NewPCG(12, 1))
	missed := 0
	const tried = 200
	for range tried {
		meant := c.entries[r.IntN(len(c.entries))].Permission
		name := string(meant)
		for range 1 + r.IntN(3) {
			name = typo(r, name)
		}
		var s suggester
		got := s.nearest(c.near(), name)
		best := len(name)
		for _, e := range c.entries {
			best = min(best, editDistance([]rune(name), []rune(e.Permission)))
		}
		if len(got) == 0 || editDistance([]rune(name), []rune(got[0])) != best || len(got) > 3 {
			missed++
			t.Logf("%q, meant as %q, gets %q; the least distance is %d", name, meant, got, best)
		}
	}
	if missed > tried/100 {
		t.Errorf("%d of %d names with typos don't get the nearest permission", missed, tried)
	}
}

// What is too far away is not suggested; equally near permissions are in the order of the catalog.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	c := catalogOf(t, []Permission{"b:view", "a:view", "c:view", "d:view", "orders.items:view", "заказы.счета:видеть", "x:y"})
	for name, want := range map[string][]string{
		"e:view":              {"b:view", "a:view", "c:view"},
		"d:vieww":             {"d:view", "b:view", "a:view"},
		"orders.item:view":    {"orders.items:view"},
		"order.itmes:veiw":    {"orders.items:view"},
		"orders.items.*:view": {"orders.items:view"},
		"заказы.счет:видеть":  {"заказы.счета:видеть"},
		"something.else:edit": {},
		"z:y":                 {"x:y"},
	} {
		var s suggester
		if got := s.nearest(c.near(), name); !slices.Equal(got, want) {
			t.Errorf("%q gets %q, want %q", name, got, want)
		}
	}
}

func TestBandedEditDistance(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(12, 2))
	text := func() []rune {
		list := make([]rune, r.IntN(12))
		for i := range list {
			list[i] = rune('a' + r.IntN(3))
		}
		return list
	}
	for range 20_000 {
		s, limit := suggester{runes: text(), others: text()}, r.IntN(8)
		got, want := s.distance(limit), editDistance(s.runes, s.others)
		if got != min(want, limit+1) {
			t.Fatalf("the distance of %q and %q is %d, with the limit %d it is %d", string(s.runes), string(s.others), want, limit, got)
		}
	}
}

// The work for the suggestions of one request is bounded, whatever the names and the size of the catalog (A1).
func TestSuggestionsTakeBoundedWork(t *testing.T) {
	WithoutRaces(t)
	t.Parallel()
	for name, c := range map[string]*catalog{
		"full length":   catalogOf(t, longNames(10_000, '𝒜')),
		"business":      businessCatalog(t, 10_000),
		"numbered only": catalogOf(t, numbered(10_000)),
	} {
		var s suggester
		for _, p := range slices.Concat(longNames(300, '𝒵'), longNames(300, '𝒜')) {
			s.nearest(c.near(), string(p)+"𝒵")
		}
		const one = maxNearEntries + maxCompared*(maxObject+maxAction+2)*(2*maxEdits+1)
		if s.steps > maxNearSteps+one {
			t.Errorf("%s: %d steps", name, s.steps)
		}
		s = suggester{}
		for i := range 100 {
			near := s.nearest(c.near(), string(c.entries[i].Permission)+"x")
			if name != "full length" && len(near) == 0 {
				t.Errorf("%s: no suggestion for name %d", name, i)
			}
		}
		t.Logf("%s: %d steps for 100 ordinary names", name, s.steps)
	}
}

func numbered(n int) []Permission {
	names := make([]Permission, n)
	for i := range names {
		names[i] = Permission(fmt.Sprintf("object-%05d:view", i))
	}
	return names
}

// A pattern is known if it covers a declared permission or names one resource of a declared type.
func TestKnownPatterns(t *testing.T) {
	t.Parallel()
	declared := []Permission{"a:v", "a.ab:v", "a.ab.a:w", "/a/ab:v", "ab/a:w", "ab.x/a:v"}
	c := catalogOf(t, declared)
	patterns, _ := patternUniverse()
	for _, p := range declared {
		object, action, _ := p.Split()
		for _, end := range []string{".7", ".7.8", ".7/8", "/7", ".7.*", ".*", "/*", ".", "7"} {
			patterns = append(patterns, Pattern(object+end+":"+action), Pattern(object+end+":z"), Pattern(object+end+":*"))
		}
	}
	known := 0
	for _, p := range patterns {
		t0 := p.target()
		want := false
		for _, e := range c.entries {
			object, action, _ := e.Permission.Split()
			id, below := strings.CutPrefix(t0.object, object+".")
			want = want || (t0.action == "*" || t0.action == action) &&
				(p.covers(Pattern(object+":"+action)) || t0.below && below && id == "" || !t0.below && below && isSegment(id))
		}
		if want {
			known++
		}
		if got := c.knows(p); got != want {
			t.Errorf("%q: known is %v", p, got)
		}
	}
	if known < 20 || known > len(patterns)-20 {
		t.Errorf("%d of %d patterns are known; the test sees too little", known, len(patterns))
	}
}
