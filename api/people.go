package api

import (
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

const maxPeopleAsked = 100 // users that one request can look up

// listPeople answers with what the host's directory knows of the users that were asked about.
func listPeople(c *call) {
	c.echoes = true // the users
	users := repeated[authz.UserID](c, "user", maxPeopleAsked)
	if c.refused() {
		return
	}
	known := c.people(users...)
	list := openapi.People{Items: []openapi.Person{}}
	for _, user := range users {
		if p, ok := known[user]; ok {
			list.Items = append(list.Items, openapi.Person{ID: string(user), DisplayName: p.Name, Email: p.Email})
			delete(known, user) // asked about twice, it is listed once
		}
	}
	c.revalidated(list)
}

// people returns what the host's directory knows of users. Answers have its names where it gives any, and never wait
// for them long or fail without them.
func (c *call) people(users ...authz.UserID) map[authz.UserID]authz.Person {
	return c.engine.People(c.http.Request.Context(), users...)
}

// findPeople returns the people that the host's directory finds by a text.
func (c *call) findPeople(text string) []authz.Person {
	return c.engine.FindPeople(c.http.Request.Context(), text)
}
