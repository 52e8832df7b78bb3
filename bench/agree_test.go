package main

import (
	"fmt"
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
		if row[2] == "*" || row[2]+":"+row[3] == q.permission {
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
	for _, create := range contestants {
		s, kinds := create(), map[string]int{}
		t.Run(s.name(), func(t *testing.T) {
			if err := s.load(small()); err != nil {
				t.Fatal(err)
			}
			if err := disagreement(s, small(), 4000, kinds); err != nil {
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
	for _, a := range p.asked() {
		if _, err := measure(s, a, time.Millisecond); err == nil {
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
	p := small()
	r, err := measureAll(p, 5*time.Millisecond, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := (report{Machine: machine(), Sizes: []results{r}}).markdown(&table); err != nil {
		t.Fatal(err)
	}
	for _, create := range contestants {
		if name := create().name(); !strings.Contains(table.String(), "\n| "+name+" |") {
			t.Errorf("no line for %s in\n%s", name, table.String())
		}
	}
	for _, m := range r.Contestants[0].Measured {
		if m.Ratio != 1 {
			t.Errorf("%s: the bare map takes %g times its own time", m.Asked, m.Ratio)
		}
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
		{times(1.04), "1.0×"},
		{times(9.96), "10×"},
		{times(1_234_567.8), "1,234,568×"},
		{grouped(1_000_001), "1,000,001"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
