package main

import "math/rand/v2"

// question is what a subject decides.
type question struct{ user, permission string }

// asked are questions that have one answer.
type asked struct {
	kind      string // as the table calls it
	questions []question
	want      bool
	// once says that no question comes again before caches of decisions have been emptied,
	// so that they never hit. Otherwise all questions were asked before, and they always do.
	once bool
}

const (
	hotUsers = 16
	perUser  = 4       // questions, on average
	most     = 1 << 17 // the users asked about, and their groups, are more than a processor caches
)

// asked returns all that is measured.
func (p policy) asked() []asked {
	return []asked{
		{"allowed, random users", p.questions(p.users, p.allowed), true, true},
		{"denied, random users", p.questions(p.users, p.denied), false, true},
		{"allowed, 16 hot users", p.questions(hotUsers, p.allowed), true, false},
		{"denied, 16 hot users", p.questions(hotUsers, p.denied), false, false},
	}
}

// questions makes different ones about users below a number, the same on each run.
func (p policy) questions(users int, ask func(*rand.Rand, int) question) []question {
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // G404: meant to be repeatable, and no secret
	list := make([]question, 0, min(users*perUser, most))
	seen := make(map[question]bool, cap(list))
	for len(list) < cap(list) {
		if q := ask(r, r.IntN(users)); !seen[q] {
			seen[q] = true
			list = append(list, q)
		}
	}
	return list
}

// allowed asks for what a group of the user grants and none restricts.
func (p policy) allowed(r *rand.Rand, u int) question {
	group := p.groupsOf(u)[r.IntN(2)]
	return question{p.user(u), p.permission(group, 1+r.IntN(p.parts()-1))}
}

// denied asks for what only a group that the user isn't in grants.
func (p policy) denied(r *rand.Rand, u int) question {
	other := (u + 2 + r.IntN(p.groups-2)) % p.groups
	return question{p.user(u), p.permission(other, r.IntN(p.parts()))}
}
