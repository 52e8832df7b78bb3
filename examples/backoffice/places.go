package main

import (
	"context"
	"slices"

	"github.com/rightful-go/rightful/authz"
)

// place is a page in the navigation, for those who hold one of its permissions. The guard of its route enforces them.
type place struct {
	Path, Name string
	About      string
	needs      []authz.Permission // any of them is enough
}

// places are the pages in the navigation, in its order. The console is for administrators and those who may look.
var places = []place{
	{"/requests", "Requests", "Deposits, withdrawals and other wishes of clients, to approve or reject.", viewOfAny()},
	{"/resolutions", "Resolutions", "Who decided which request, and when.", []authz.Permission{viewResolutions}},
	{"/profiles", "Profiles", "Clients and how to reach them.", []authz.Permission{viewProfiles}},
	{"/operations", "Operations", "What was booked on which account.", []authz.Permission{"finance.operations:view"}},
	{"/balances", "Balances", "What is in each account.", []authz.Permission{"finance.balances:view"}},
	{"/reports/operations.csv", "Report", "All operations as a file for a spreadsheet.", []authz.Permission{"finance.reports:export"}},
	{"/settings", "Settings", "The company’s name and limits.", []authz.Permission{"system.settings:view"}},
	{"/console/", "Console", "Who may do what: groups, people, and why something was refused.", []authz.Permission{authz.ViewGroups}},
}

// placesOf returns the pages that the user may open, which GET /api/v1/me says as well.
func (a *app) placesOf(ctx context.Context, user authz.UserID) []place {
	view := a.engine.View()                    // one revision for the whole page
	sees, err := seesProfiles(ctx, view, user) // one profile is enough
	return slices.DeleteFunc(slices.Clone(places), func(p place) bool {
		if p.Path == "/profiles" && sees && err == nil {
			return false
		}
		return !slices.ContainsFunc(p.needs, func(needed authz.Permission) bool { return view.Can(user, needed) })
	})
}
