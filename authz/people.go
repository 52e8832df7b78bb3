package authz

import "context"

// People returns what the host's directory knows of users; see [PeopleDirectory]. It never fails: if the directory
// doesn't answer within half a second, or with an error, the result is empty and the directory isn't asked for names
// again for five seconds; searches rest on their own. Users beyond the first 500 are not looked up. Names and addresses are cut after 200 code points, and
// have no control, format or private characters.
func (e *Engine) People(ctx context.Context, users ...UserID) map[UserID]Person {
	if len(users) == 0 {
		return nil
	}
	users = users[:min(len(users), maxPeople)]
	asked, known := map[UserID]bool{}, map[UserID]Person{}
	for _, id := range users {
		asked[id] = true
	}
	for _, p := range e.people.people(ctx, users) {
		if asked[p.ID] {
			known[p.ID] = p.displayed()
		}
	}
	return known
}

// FindPeople returns the people that the host's directory finds by a text, at most 100 of them, each once. It never
// fails; see [Engine.People]. People whose id can't be a user's are left out. An empty text finds nobody.
func (e *Engine) FindPeople(ctx context.Context, text string) []Person {
	if text == "" {
		return nil
	}
	found := e.people.find(ctx, text)
	var list []Person
	seen := map[UserID]bool{}
	for _, p := range found {
		if p.ID.Check() == nil && !seen[p.ID] && len(list) < maxPeopleFound {
			seen[p.ID] = true
			list = append(list, p.displayed())
		}
	}
	return list
}
