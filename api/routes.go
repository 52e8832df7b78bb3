package api

import "github.com/rightful-go/rightful/authz"

// operation is one line of the table of operations.
type operation struct {
	method, path string
	needs        needs  // what the caller must hold; nil for public operations
	query        string // names of the query parameters; one with "…" may be repeated
	body         media  // content types of the body, and its limit
	match        match  // how it treats If-Match
	handle       func(*call)
}

// operations is the whole interface, in the order of openapi.yaml. A test compares the two.
var operations = []operation{
	{"GET", "/permissions", holding(authz.ViewGroups), "category q limit cursor", noBody, noMatch, listPermissions},
	{"GET", "/catalog", holding(authz.ViewGroups), "limit cursor", noBody, noMatch, getCatalog},
	{"GET", "/permission-holders", holding(authz.ViewGroups, authz.ViewUsers), "permission limit cursor", noBody, noMatch, listPermissionHolders},

	{"GET", "/groups", holding(authz.ViewGroups), "q nested_limit limit cursor", noBody, noMatch, listGroups},
	{"POST", "/groups", acting(authz.ActionGroupCreate), "dry_run revision", jsonBody, noMatch, createGroup},
	{"GET", "/group-rules", holding(authz.ViewGroups), "q limit cursor", noBody, noMatch, listGroupRules},
	{"GET", "/groups/{group}", holding(authz.ViewGroups), "nested_limit", noBody, noMatch, getGroup},
	{"PATCH", "/groups/{group}", acting(authz.ActionGroupUpdate), "dry_run revision", mergeBody, mustMatch, updateGroup},
	{"DELETE", "/groups/{group}", operating(deletingGroup), "members dry_run revision", noBody, mustMatch, deleteGroup},
	{"GET", "/groups/{group}/permissions", holding(authz.ViewGroups), "limit cursor", noBody, noMatch, getGroupPermissions},
	{"PUT", "/groups/{group}/permissions", acting(authz.ActionGroupPermissionsSet), "dry_run revision", jsonBody, mustMatch, setGroupPermissions},
	{"PATCH", "/groups/{group}/permissions", acting(authz.ActionGroupPermissionsChange), "dry_run revision", jsonBody, mayMatch, changeGroupPermissions},

	{"GET", "/groups/{group}/effective-rules", holding(authz.ViewGroups), "limit cursor", noBody, noMatch, listEffectiveRules},
	{"GET", "/groups/{group}/usage", holding(authz.ViewGroups, authz.ViewUsers), "unused_for", noBody, noMatch, getGroupUsage},
	{"GET", "/groups/{group}/members", holding(authz.ViewGroups, authz.ViewUsers), "limit cursor", noBody, noMatch, listMembers},
	{"PATCH", "/groups/{group}/members", acting(authz.ActionGroupMembersChange), "dry_run revision", jsonBody, mayMatch, changeMembers},
	{"PUT", "/groups/{group}/members/{user}", operating(movingMember), "until dry_run revision", noBody, mayMatch, addMember},
	{"DELETE", "/groups/{group}/members/{user}", operating(movingMember), "dry_run revision", noBody, mayMatch, removeMember},

	{"GET", "/users", holding(authz.ViewGroups, authz.ViewUsers), "q group nested_limit limit cursor", noBody, noMatch, listUsers},
	{"GET", "/people", holding(authz.ViewGroups, authz.ViewUsers), "user…", noBody, noMatch, listPeople},
	{"GET", "/endings", holding(authz.ViewGroups, authz.ViewUsers), "limit cursor", noBody, noMatch, listEndings},
	{"GET", "/users/{user}", holding(authz.ViewGroups, authz.ViewUsers), "nested_limit", noBody, noMatch, getUser},
	{"DELETE", "/users/{user}", acting(authz.ActionUserDelete), "dry_run revision", noBody, mayMatch, deleteUser},
	{"GET", "/users/{user}/groups", holding(authz.ViewGroups, authz.ViewUsers), "limit cursor", noBody, noMatch, getUserGroups},
	{"PUT", "/users/{user}/groups", acting(authz.ActionUserGroupsSet), "dry_run revision", jsonBody, mustMatch, setUserGroups},
	{"GET", "/users/{user}/permissions", holding(authz.ViewGroups, authz.ViewUsers), "limit cursor", noBody, noMatch, getUserPermissions},
	{"PUT", "/users/{user}/permissions", acting(authz.ActionUserPermissionsSet), "dry_run revision", jsonBody, mustMatch, setUserPermissions},
	{"PATCH", "/users/{user}/permissions", acting(authz.ActionUserPermissionsChange), "dry_run revision", jsonBody, mayMatch, changeUserPermissions},
	{"GET", "/users/{user}/effective", holding(authz.ViewGroups, authz.ViewUsers), "nested_limit limit cursor", noBody, noMatch, listUserEffective},
	{"GET", "/users/{user}/usage", holding(authz.ViewGroups, authz.ViewUsers), "unused_for", noBody, noMatch, getUserUsage},
	{"GET", "/users/{user}/explanation", holding(authz.ViewGroups, authz.ViewUsers), "permission… revision until decision_only", noBody, noMatch, explainUser},

	{"GET", "/me", currentPolicy, "", noBody, noMatch, getMe},
	{"GET", "/me/rights", currentPolicy, "", noBody, noMatch, getRights},
	{"GET", "/changes", holding(authz.ViewChanges), "actor group user since until after nested_limit limit cursor", noBody, noMatch, listChanges},
	{"POST", "/changes", currentPolicy, "dry_run revision", jsonBody, noMatch, postBatch},
	{"GET", "/changes/{revision}", holding(authz.ViewChanges), "", noBody, noMatch, getChange},
	{"POST", "/changes/{revision}/revert", reverting, "dry_run revision", noBody, noMatch, revertChange},
	{"GET", "/denials", holding(authz.ViewGroups, authz.ViewUsers), "user limit cursor", noBody, noMatch, listDenials},
	{"GET", "/denials/{id}", holding(authz.ViewGroups, authz.ViewUsers), "", noBody, noMatch, getDenial},

	{"GET", "/access-requests", holding(authz.ViewGroups, authz.ViewUsers), "state user limit cursor", noBody, noMatch, listAccessRequests},
	{"POST", "/access-requests", asking, "", wishBody, noMatch, askForAccess},
	{"GET", "/access-requests/{id}", holding(authz.ViewGroups, authz.ViewUsers), "until", noBody, noMatch, getAccessRequest},
	{"POST", "/access-requests/{id}/approve", acting(authz.ActionRequestApprove), "dry_run", jsonBody, noMatch, approveRequest},
	{"POST", "/access-requests/{id}/decline", acting(authz.ActionRequestDecline), "", jsonBody, noMatch, declineRequest},
	{"GET", "/me/access-requests", currentPolicy, "state limit cursor", noBody, noMatch, listOwnRequests},
	{"GET", "/me/access-requests/{id}", currentPolicy, "", noBody, noMatch, getOwnRequest},
	{"DELETE", "/me/access-requests/{id}", currentPolicy, "", noBody, noMatch, withdrawRequest},

	{"POST", "/imports", operating(importing), "mode dry_run revision", csvBody, noMatch, importPolicy},
	{"GET", "/export", holding(authz.ExportPolicy), "", noBody, noMatch, exportPolicy},
	{"GET", "/status", signedIn, "", noBody, noMatch, getStatus},
	{"GET", "/openapi.json", nil, "", noBody, noMatch, getDocument},
}
