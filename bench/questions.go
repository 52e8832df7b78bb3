package main

import "math/rand/v2"

// question asks whether a user holds a permission.
type question struct{ user, permission string }

// asked are questions with the same answer.
type asked struct {
	kind      string // the head of their column
	questions []question
	want      bool
	// once means that caches of decisions are emptied before a question is repeated, so that they
	// never hit. Otherwise every question was asked before, so that they always hit.
	once bool
}

const (
	hotUsers = 16
	perUser  = 4       // questions, on average
	most     = 1 << 17 // questions, so that their users and groups exceed the processor's caches
)

// asked returns all questions to measure.
func (p policy) asked() []asked {
	return []asked{
		{"allowed, random users", p.questions(p.users, p.allowed), true, true},
		{"denied, random users", p.questions(p.users, p.denied), false, true},
		{"allowed, 16 hot users", p.questions(hotUsers, p.allowed), true, false},
		{"denied, 16 hot users", p.questions(hotUsers, p.denied), false, false},
	}
}

// questions returns distinct questions about the first users, the same on each run.
func (p policy) questions(users int, ask func(*rand.Rand, int) question) []question {
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // G404: repeatable on purpose, and no secret
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

// allowed asks for a permission that a group of the user grants and no group restricts.
func (p policy) allowed(r *rand.Rand, u int) question {
	group := p.groupsOf(u)[r.IntN(2)]
	return question{p.user(u), p.permission(group, 1+r.IntN(p.parts()-1))}
}

// denied asks for a permission that only another group grants.
func (p policy) denied(r *rand.Rand, u int) question {
	other := (u + 2 + r.IntN(p.groups-2)) % p.groups
	return question{p.user(u), p.permission(other, r.IntN(p.parts()))}
}
