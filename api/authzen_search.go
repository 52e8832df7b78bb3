package api

import (
	"context"
	"log/slog"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// ResourceLister lists the ids of the resources of a type: those behind after ("" for the first),
// at most limit, in an order of its own that stays the same. Fewer than limit say that there are
// no more. A type that it doesn't know has no resources, which is no error. It is asked several
// times for one search and must heed its context, which ends after ten seconds.
//
// A permission to see a resource is not what it should look at: of what it lists, the search
// keeps what the policy permits.
type ResourceLister func(ctx context.Context, resourceType, after string, limit int) ([]string, error)

// search is a request for subjects, actions or resources (section 8).
type search struct {
	question
	page searchPage
}

// hits are what a search found for its page.
type hits struct {
	ids  []string
	more bool
	next string // behind which the next page begins, where there are more
}

// cutHits takes the hits of a page from one more than fit it.
func cutHits(ids []string, p searchPage) hits {
	if len(ids) <= p.limit {
		return hits{ids: ids}
	}
	found := hits{ids: ids[:p.limit], more: true, next: p.after}
	if p.limit > 0 {
		found.next = ids[p.limit-1]
	}
	return found
}

// searchSubjects finds the users who may do something to a resource (section 8.4).
func searchSubjects(c *call) {
	var s search
	members := s.members()
	subject := new(entity)
	members["subject"] = noted(&s.subject, subject, subject.wanted())
	if !c.readSearch(&s, members, "subject", "action", "resource") {
		return
	}
	var found hits
	if s.subject.kind == userType {
		users := c.view.Users(authz.UserQuery{
			Access: &authz.Access{Action: *s.action, Resource: s.of()}, After: authz.UserID(s.page.after), Limit: s.page.limit + 1,
		})
		found = cutHits(plain(users), s.page)
	}
	c.ok(openapi.EntityResults{Page: s.page.shown(found), Results: entities(userType, found)})
}

// searchActions finds what a subject may do to a resource, as far as it has a name (section 8.6).
func searchActions(c *call) {
	var s search
	members := s.members()
	delete(members, "action") // it is what is searched for, and one that is there isn't looked at
	if !c.readSearch(&s, members, "subject", "resource") {
		return
	}
	actions := c.view.PermittedActions(s.user(), s.of())
	found := cutHits(s.page.rest(actions), s.page)
	c.ok(openapi.ActionResults{
		Page:    s.page.shown(found),
		Results: each(found.ids, func(name string) openapi.ActionResult { return openapi.ActionResult{Name: name} }),
	})
}

// searchResources finds the resources of a type to which a subject may do something (section 8.5).
func (z *authZEN) searchResources(c *call) {
	var s search
	members := s.members()
	resource := new(entity)
	members["resource"] = noted(&s.resource, resource, resource.wanted())
	if !c.readSearch(&s, members, "subject", "action", "resource") {
		return
	}
	if z.Resources == nil {
		writeProblem(c.http, problem{Type: problemNotFound, Detail: "Nothing here lists resources."})
		return
	}
	found, err := z.permitted(c, s)
	if err != nil { // why is for the log, as everything that the host's code says
		slog.ErrorContext(c.http.Request.Context(), "api: the resources could not be listed", "error", err)
		writeProblem(c.http, problem{Type: problemInternal, Detail: internalDetail})
		return
	}
	c.ok(openapi.EntityResults{Page: s.page.shown(found), Results: entities(s.resource.kind, found)})
}

const (
	resourcesAtOnce = 1000
	maxExamined     = 20 * resourcesAtOnce // resources that are looked at for one page
)

// permitted keeps of what the host lists what the subject may do it to. Where little of much is
// permitted a page ends early, maybe empty, and the next goes on from there.
func (z *authZEN) permitted(c *call, s search) (hits, error) {
	user := s.user()
	if user == "" {
		return hits{}, nil
	}
	ctx, cancel := c.reading()
	defer cancel()
	var ids []string
	after := s.page.after
	for range maxExamined / resourcesAtOnce {
		list, err := z.Resources(ctx, s.resource.kind, after, resourcesAtOnce)
		if err != nil {
			return hits{}, err
		}
		for _, id := range list {
			if c.view.Permits(user, *s.action, authz.Resource{Type: s.resource.kind, ID: id}) {
				ids = append(ids, id)
			}
		}
		if len(ids) > s.page.limit || len(list) < resourcesAtOnce {
			return cutHits(ids, s.page), nil
		}
		after = list[len(list)-1]
	}
	return hits{ids: ids, more: true, next: after}, nil
}

func entities(kind string, found hits) []openapi.Entity {
	return each(found.ids, func(id string) openapi.Entity { return openapi.Entity{Type: kind, ID: id} })
}
