package api

import (
	"context"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// ResourceLister lists the ids of the resources of a type in a stable order of its own: those after
// the given id ("" for the first), at most limit. Fewer than limit means that there are no more. An
// unknown type has no resources; that is no error. It is called several times for one search and must
// respect its context, which ends after ten seconds.
//
// It need not check permissions: the search keeps only what the policy permits.
type ResourceLister func(ctx context.Context, resourceType, after string, limit int) ([]string, error)

// search is a request for subjects, actions or resources (section 8).
type search struct {
	question
	page searchPage
}

// hits are the results of a page.
type hits struct {
	ids  []string
	more bool
	next string // the last id before the next page, if there are more
}

// cutHits returns the hits of a page from a list with one item more than the page.
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

// searchSubjects finds the users who may perform an action on a resource (section 8.4).
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

// searchActions finds the named actions that a subject may perform on a resource (section 8.6).
func searchActions(c *call) {
	var s search
	members := s.members()
	delete(members, "action") // what is searched for; if present, it is ignored
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

// searchResources finds the resources of a type on which a subject may perform an action (section 8.5).
func (z *authZEN) searchResources(c *call) {
	var s search
	members := s.members()
	resource := new(entity)
	members["resource"] = noted(&s.resource, resource, resource.wanted())
	if !c.readSearch(&s, members, "subject", "action", "resource") {
		return
	}
	if z.Resources == nil {
		writeProblem(c.http, problem.Document{Type: problem.NotFound, Detail: "This host doesn't list resources."})
		return
	}
	found, err := z.permitted(c, s)
	if err != nil { // errors of the host's code go to the log only
		c.limited.Failed(c.http.Request.Context(), "", "api: can't list resources", "error", err)
		writeProblem(c.http, problem.Document{Type: problem.Internal, Detail: problem.InternalDetail})
		return
	}
	c.ok(openapi.EntityResults{Page: s.page.shown(found), Results: entities(s.resource.kind, found)})
}

const (
	resourcesAtOnce = 1000
	maxExamined     = 20 * resourcesAtOnce // resources examined for one page
)

// permitted returns the host's resources on which the subject may perform the action. If few of many
// are permitted, the page ends early, possibly empty, and the next page continues there.
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
