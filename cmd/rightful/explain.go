package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// maxAsked is how many permissions one request can ask about.
const maxAsked = 64

// explain explains any number of permissions, all at the same revision: if the policy changes between two requests, it
// starts over.
func (p *policy) explain(ctx context.Context, user string, permissions []string) (openapi.Explanation, error) {
	if err := checkQuestion(user, permissions); err != nil {
		return openapi.Explanation{}, err
	}
	return atOneRevision(permissions, func(part []string) (openapi.Explanation, error) {
		return p.User(user).Explain(ctx, 0, part...)
	})
}

// checkQuestion refuses what no policy can answer.
func checkQuestion(user string, permissions []string) error {
	if err := authz.UserID(user).Check(); err != nil {
		return fmt.Errorf("the user %q %w", user, err)
	}
	for _, permission := range permissions {
		if err := authz.Permission(permission).Check(); err != nil {
			return fmt.Errorf("the permission %q %w", permission, err)
		}
	}
	return nil
}

// atOneRevision asks about permissions in parts of at most maxAsked. If the policy changes in between, it starts over.
func atOneRevision(permissions []string, ask func(part []string) (openapi.Explanation, error)) (openapi.Explanation, error) {
	for {
		x, whole, err := inParts(permissions, ask)
		if err != nil || whole {
			return x, err
		}
	}
}

// inParts reports as well whether all parts are of one revision.
func inParts(permissions []string, ask func(part []string) (openapi.Explanation, error)) (all openapi.Explanation, whole bool, _ error) {
	for part := range slices.Chunk(permissions, maxAsked) {
		x, err := ask(part)
		switch {
		case err != nil:
			return x, false, err
		case all.Revision == 0:
			all = x
			continue
		case x.Revision != all.Revision:
			return x, false, nil
		}
		all.Allowed = all.Allowed && x.Allowed
		all.Permissions = append(all.Permissions, x.Permissions...)
		all.Fixes, all.More = nil, false // each part has fixes for itself alone
	}
	return all, true, nil
}

// through shows a path as people read it: the user or group first, the subject of the rule last.
func through(path []string) string {
	names := make([]string, len(path))
	for i, subject := range path {
		names[i] = subjectName(subject)
	}
	return strings.Join(names, " > ")
}

// subjectName is the name of a group, or the id of a user.
func subjectName(subject string) string { return strings.TrimPrefix(subject, "group:") }

// originText describes a rule that covers a permission: "grant finance.*:* of Finance".
func originText(o openapi.Origin) string {
	if o.BadRow {
		return "bad row of " + subjectName(o.Path[len(o.Path)-1])
	}
	return string(o.Rule) + " " + o.Pattern + " of " + subjectName(o.Path[len(o.Path)-1])
}

// deciding returns the origins that decide: the restrictions if the permission is denied, else the grants.
func deciding(p openapi.ExplainedPermission) []openapi.Origin {
	rule := openapi.OriginRuleRestriction
	if p.Allowed {
		rule = openapi.OriginRuleGrant
	}
	return slices.DeleteFunc(slices.Clone(p.Origins), func(o openapi.Origin) bool { return o.Rule != rule })
}
