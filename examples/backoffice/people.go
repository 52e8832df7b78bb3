package main

import (
	"context"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// demoNames are the names of the people in the built-in seed. Those of another seed have none.
var demoNames = map[authz.UserID]string{
	"ana": "Ana Ortiz", "ben": "Ben Carter", "cleo": "Cleo Marchand", "dana": "Dana Novak", "emil": "Emil Lindqvist",
	"finn": "Finn O’Neill", "gita": "Gita Rao", "hugo": "Hugo Weiss", "ivo": "Ivo Petrov", "noor": "Noor Haddad",
}

// People implements [authz.PeopleDirectory], so that lists of users have names.
func (u *users) People(ctx context.Context, ids []authz.UserID) ([]authz.Person, error) {
	var found []account
	err := u.db.WithContext(ctx).Select("id", "name").Find(&found, "id IN ? AND name <> ''", ids).Error
	return peopleOf(found), err
}

// name returns the name of a user. It is empty if there is none, or if the database is away: pages do without it.
func (u *users) name(ctx context.Context, id authz.UserID) string {
	if found, err := u.People(ctx, []authz.UserID{id}); err == nil && len(found) == 1 {
		return found[0].Name
	}
	return ""
}

// FindPeople implements [authz.PeopleDirectory].
func (u *users) FindPeople(ctx context.Context, text string, limit int) ([]authz.Person, error) {
	var found []account
	like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(text)) + "%"
	err := u.db.WithContext(ctx).Select("id", "name").Order("id").Limit(limit).
		Find(&found, "LOWER(id) LIKE ? ESCAPE '!' OR LOWER(name) LIKE ? ESCAPE '!'", like, like).Error
	return peopleOf(found), err
}

func peopleOf(accounts []account) []authz.Person {
	list := make([]authz.Person, len(accounts))
	for i, a := range accounts {
		list[i] = authz.Person{ID: a.ID, Name: a.Name}
	}
	return list
}
