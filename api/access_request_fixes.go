package api

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

const (
	maxRequestFixes = 100
	maxChoices      = 10 // permissions of which one is enough that fixes are looked for
)

// fixesOf returns the ways to give the user what a request asks for, those that the actor may carry out first. There are
// none if the user holds it.
func fixesOf(ctx context.Context, a authz.Admin, view *authz.View, r authz.AccessRequest) (authz.Fixes, error) {
	var fixes authz.Fixes
	var err error
	switch lacked := lackedOf(view, r); {
	case !r.OneIsEnough:
		fixes, err = a.Fixes(ctx, view, r.User, r.Permissions...)
	case len(lacked) == len(r.Permissions):
		fixes, err = fixesOfOne(ctx, a, view, r)
	}
	slices.SortStableFunc(fixes.List, func(x, y authz.Fix) int { return cmp.Compare(ranked(!x.Allowed), ranked(!y.Allowed)) })
	fixes.More = fixes.More || len(fixes.List) > maxRequestFixes
	fixes.List, fixes.Revision = upTo(fixes.List, maxRequestFixes), view.Revision()
	return fixes, err
}

// fixesOfOne returns the ways to give the user any one of the permissions: the first ways to give each, then the second,
// and so on, in the order of the kinds of fixes. What gives several of them is listed once.
func fixesOfOne(ctx context.Context, a authz.Admin, view *authz.View, r authz.AccessRequest) (all authz.Fixes, err error) {
	all.More = len(r.Permissions) > maxChoices
	var lists [][]authz.Fix
	longest := 0
	for _, p := range upTo(r.Permissions, maxChoices) {
		of, err := a.Fixes(ctx, view, r.User, p)
		if err != nil {
			return authz.Fixes{}, err
		}
		lists, longest = append(lists, of.List), max(longest, len(of.List))
		all.More, all.BadRows = all.More || of.More, of.BadRows
	}
	for i := range longest {
		for _, list := range lists {
			if i < len(list) && !slices.ContainsFunc(all.List, func(f authz.Fix) bool { return reflect.DeepEqual(f.Operations, list[i].Operations) }) {
				all.List = append(all.List, list[i])
			}
		}
	}
	slices.SortStableFunc(all.List, func(x, y authz.Fix) int { return cmp.Compare(rankOf(x), rankOf(y)) })
	return all, nil
}

// rankOf orders fixes by their kind, Administrators last.
func rankOf(f authz.Fix) int {
	switch {
	case slices.Contains(f.Groups, authz.Administrators):
		return 3
	case f.Kind == authz.FixGrant:
		return 2
	case f.Kind == authz.FixLift:
		return 1
	}
	return 0
}

// ranked returns 0 for false and 1 for true.
func ranked(last bool) int {
	if last {
		return 1
	}
	return 0
}

func addRequestFixes(shown *openapi.AccessRequest, fixes authz.Fixes) {
	shown.Fixes = fitting(fixes.List, maxFixesSize, fixOf)
	shown.More = fixes.More || len(shown.Fixes) < len(fixes.List)
	shown.BadRows, shown.BadRowCount = each(first(fixes.BadRows), badRowOf), len(fixes.BadRows)
	shown.Revision = int64(fixes.Revision)
}
