// Package openapi is the wire format of the administrators' interface and of AuthZEN: the types
// of openapi.yaml, a client for the former, and the document itself. Start with [NewClientWithResponses],
// or with [Document]. All but [Merge] is generated; what the document says is what holds.
//
// # Errors
//
// The client's responses carry what each success is documented with, and any error as one
// [Problem] in the field ApplicationProblemJSONDefault. An error without one came from
// something else on the way.
//
// # Optional members
//
// The zero value of an optional member stands for its absence, in either direction. Where
// zero or empty says something else than absence the member is a pointer, or a list that only
// nil leaves out: Change.Gains and Change.Losses with their counts, GroupChange.Before and
// GroupChange.After, Problem.Version, Decision.Context, EntityResults.Page, ActionResults.Page,
// WantedPage.Limit, ExplainedPermission.Lost, Explanation.Fixes, Explanation.BadRows, and
// Status.Store, Status.BadRows and Status.Drift. FixChange.Body is nil for null. In a
// [GroupPatch] each member is a [Merge]. Optional parameters are pointers throughout.
//
// # What whoever writes these types must do
//
// No list is ever null, but [encoding/json] writes a nil slice so: make required lists, down
// to the innermost, empty instead, or encode with a package that does. Times are written in
// the zone that they are in: convert them to UTC. Lists come sorted, changes newest first.
// Rightful-Reason goes percent-encoded.
//
// # What whoever reads them must do
//
// The types can't tell everything that the document demands of a body. A required member that
// is missing reads like its zero value ("" or nil), and null like absence, in an array like
// "". Limits on lengths and numbers of items aren't checked at all. A server that is to be
// strict looks at the names and kinds of a body's members before it fills these types.
package openapi

import _ "embed"

// The tools' module pins the generator, so that what imports Rightful doesn't.
//
//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config types.yaml ../openapi.yaml
//go:generate go tool -modfile=../../tools/go.mod oapi-codegen -config client.yaml ../openapi.yaml
//go:generate go run -C ../../tools ./yaml2json ../api/openapi.yaml ../api/openapi/openapi.json

// Document is openapi.yaml as JSON, member for member and in its order: what
// GET /openapi.json answers. Don't change it.
//
//go:embed openapi.json
var Document []byte
