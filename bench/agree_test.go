package main

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// A benchmark of wrong decisions means nothing, so all contestants have to give the same answers,
// and the answers that follow from the rows themselves.

func small() policy { return newPolicy("small", 6, 60, 50) }

// meant decides from the rows as model.conf does, as far as these policies need it.
func meant(rows [][]string, q question) bool {
	subjects := map[string]bool{q.user: true}
	for _, row := range rows {
		if row[0] == "g" && row[1] == q.user {
			subjects[row[2]] = true
		}
	}
	granted, restricted := false, false
	for _, row := range rows {
		if row[0] != "p" || !subjects[row[1]] {
			continue
		}
		prefix, below := strings.CutSuffix(row[2], "*")
		if row[2]+":"+row[3] == q.permission || below && strings.HasPrefix(q.permission, prefix) {
			granted = granted || row[4] == "allow"
			restricted = restricted || row[4] == "deny"
		}
	}
	return granted && (!restricted || subjects["group:Administrators"])
}

// random makes a question of a random kind, and returns the kind.
func random(p policy, r *rand.Rand) (question, string) {
	u := r.IntN(p.users)
	group := p.groupsOf(u)[r.IntN(2)]
	switch r.IntN(6) {
	case 0, 1:
		return p.allowed(r, u), "allowed"
	case 2:
		return p.denied(r, u), "denied"
	case 3:
		return question{p.user(u), p.permission(group, 0)}, "restricted"
	case 4:
		return question{p.user(p.users + u), p.permission(group, 1)}, "unknown user"
	}
	return question{p.user(u), p.permission(group, 1) + "s"}, "unknown permission"
}

// disagreement asks random questions and returns the first wrong answer as an error. It counts
// the questions of each kind in kinds.
func disagreement(s contestant, p policy, count int, kinds map[string]int) error {
	var rows [][]string
	for row := range p.rows() {
		rows = append(rows, row)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range count {
		q, kind := random(p, r)
		want := meant(rows, q)
		if want != (kind == "allowed") {
			return fmt.Errorf("%v is not %s", q, kind)
		}
		kinds[kind]++
		got, err := s.decide(q)
		if err != nil {
			return fmt.Errorf("%s: %v, %s: %w", s.name(), q, kind, err)
		}
		if got != want {
			return fmt.Errorf("%s: %v, %s: got %t", s.name(), q, kind, got)
		}
	}
	return nil
}

func TestAllContestantsAgree(t *testing.T) {
	for i, create := range contestants {
		s, kinds := create(), map[string]int{}
		p := small()
		if i < 2 { // the others are measured only without
			p = p.withIDs("uuid").withWildcards()
		}
		t.Run(s.name(), func(t *testing.T) {
			if err := s.load(p); err != nil {
				t.Fatal(err)
			}
			if err := disagreement(s, p, 4000, kinds); err != nil {
				t.Fatal(err)
			}
			for _, kind := range []string{"allowed", "denied", "restricted", "unknown user", "unknown permission"} {
				if kinds[kind] < 400 {
					t.Errorf("asked only %d questions of the kind %q, want at least 400", kinds[kind], kind)
				}
			}
		})
	}
}

// wrongAbout answers one kind of questions wrongly.
type wrongAbout struct {
	bareMap
	about func(question) bool
}

func (w *wrongAbout) decide(q question) (bool, error) {
	got, err := w.bareMap.decide(q)
	return got != w.about(q), err
}

// Both these tests and the measurement itself notice wrong answers.
func TestWrongAnswersAreFound(t *testing.T) {
	p := small()
	for name, about := range map[string]func(question) bool{
		"a user":         func(q question) bool { return q.user == "user7" },
		"restrictions":   func(q question) bool { return strings.Contains(q.permission, ".part0:") },
		"unknown users":  func(q question) bool { return q.user >= "user50" && len(q.user) > 5 },
		"any permission": func(question) bool { return true },
	} {
		s := &wrongAbout{about: about}
		if err := s.load(p); err != nil {
			t.Fatal(err)
		}
		if disagreement(s, p, 4000, map[string]int{}) == nil {
			t.Errorf("wrong answers about %s weren't found", name)
		}
	}
	s := &wrongAbout{about: func(q question) bool { return q.user == "user7" }}
	if err := s.load(p); err != nil {
		t.Fatal(err)
	}
	base := &bareMap{}
	if err := base.load(p); err != nil {
		t.Fatal(err)
	}
	for _, a := range p.asked() {
		if _, _, err := measureBeside(base, s, a, time.Millisecond); err == nil {
			t.Errorf("%s: wrong answers were measured", a.kind)
		}
	}
}

// Every question has the answer that its kind promises, and no question is repeated.
func TestQuestions(t *testing.T) {
	p := small()
	var rows [][]string
	for row := range p.rows() {
		rows = append(rows, row)
	}
	if got := len(rows) - 1 - 2*p.users; got != p.rules {
		t.Errorf("the policy has %d rules besides that of Administrators, want %d", got, p.rules)
	}
	for _, a := range p.asked() {
		seen := map[question]bool{}
		for _, q := range a.questions {
			if meant(rows, q) != a.want {
				t.Errorf("%s: %v has another answer", a.kind, q)
			}
			if seen[q] {
				t.Errorf("%s: %v is repeated", a.kind, q)
			}
			seen[q] = true
		}
	}
}

// A run prints a table for each size, with a line for each contestant.
func TestReport(t *testing.T) {
	progress := slog.New(slog.NewTextHandler(t.Output(), nil))
	sizes, err := measureSize(small(), contestants[1:], neighbors[:1], 5*time.Millisecond, progress)
	if err != nil {
		t.Fatal(err)
	}
	all := report{Machine: machine(), Sizes: sizes}
	for _, p := range []policy{small().withIDs("uuid"), small().withWildcards()} {
		r, err := measureSize(p, contestants[1:2], neighbors[:1], 5*time.Millisecond, progress)
		if err != nil {
			t.Fatal(err)
		}
		all.Pairs = append(all.Pairs, r...)
	}
	var table strings.Builder
	if err := all.markdown(&table); err != nil {
		t.Fatal(err)
	}
	for _, create := range contestants {
		if name := create().name(); !strings.Contains(table.String(), "\n| "+name+" |") {
			t.Errorf("no line for %s in\n%s", name, table.String())
		}
	}
	for _, line := range []string{"\n| small, uuid, none |", "\n| small, short, none, one wildcard a group |"} {
		if !strings.Contains(table.String(), line) {
			t.Errorf("no line %q in\n%s", line, table.String())
		}
	}
	for _, m := range sizes[0].Contestants[0].Measured {
		if m.Ratio != 1 || m.Fastest > m.Nanoseconds {
			t.Errorf("%s: the bare map takes %g times its own time, %g in the median and %g in the fastest round", m.Asked, m.Ratio, m.Nanoseconds, m.Fastest)
		}
	}
}

// A neighbor touches memory until its input ends.
func TestNeighbor(t *testing.T) {
	for _, neighbor := range neighbors[1:] {
		var began strings.Builder
		if err := touch(neighbor, strings.NewReader("x"), &began); err != nil || began.String() != "." {
			t.Errorf("%s: %v, and it wrote %q", neighbor, err, &began)
		}
	}
	if touch("none", strings.NewReader(""), io.Discard) == nil {
		t.Error("a process that does nothing is no neighbor")
	}
}

func TestNumbersAreReadable(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{duration(0.4), "0.4 ns"},
		{duration(9.96), "10 ns"},
		{duration(999.4), "999 ns"},
		{duration(999.6), "1.0 µs"},
		{duration(31_400_000), "31 ms"},
		{duration(7e12), "7000 s"},
		{size(-5), "0.0 B"},
		{size(12_400_000), "12 MB"},
		{times(1.04), "1.04×"},
		{times(9.996), "10×"},
		{times(1_234_567.8), "1,234,568×"},
		{grouped(1_000_001), "1,000,001"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
