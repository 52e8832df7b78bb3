// Package openapi has the wire format of the administrators' interface and of AuthZEN: the Go types
// of openapi.yaml, and the document itself as [Document]. All but [Merge] is generated. Package
// client sends requests with these types; the server in package api answers with them.
//
// # Optional members
//
// An optional member is absent when it has its zero value. A member whose zero value means something
// other than absence is a pointer, or a list that is left out only when nil: Change.Gains, Change.GainSets,
// Change.Losses and Change.LossSets with their counts, Group.HeldCount, Group.Allowed, User.Allowed, GroupChange.Before and GroupChange.After, Problem.Version,
// Decision.Context, EntityResults.Page, ActionResults.Page, WantedPage.Limit,
// ExplainedPermission.Lost, Explanation.Fixes, and Status.Store, Status.BadRows and Status.Drift.
// FixOperation.Body is nil for null. Each member of a [GroupPatch] is a [Merge]. Optional parameters
// are pointers.
//
// # Writing these types
//
// No list is ever null, but [encoding/json] writes a nil slice as null: set required lists, inner
// ones included, to an empty slice, or encode with a package that does so. Convert times to UTC.
// Sort lists; list changes newest first. Percent-encode Rightful-Reason.
//
// # Reading these types
//
// Decoding doesn't enforce the document. A required member that is missing is read as its zero
// value, and null as if the member were absent. Lengths and numbers of items aren't checked. A
// strict server checks the names and kinds of members before it fills these types.
package openapi

import _ "embed"

// The tools' module pins the generator, so that what imports Rightful doesn't.
//
//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config types.yaml ../openapi.yaml
//go:generate go run -C ../../tools ./yaml2json ../api/openapi.yaml ../api/openapi/openapi.json

// Document is openapi.yaml as JSON, member for member and in its order. GET /openapi.json answers
// with it. Don't modify it.
//
//go:embed openapi.json
var Document []byte
