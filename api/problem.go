package api

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// problemType says what went wrong, for programs: the "type" of a problem document.
type problemType string

const (
	problemMalformedRequest     problemType = "urn:rightful:problem:malformed-request"
	problemUnauthenticated      problemType = "urn:rightful:problem:unauthenticated"
	problemForbidden            problemType = "urn:rightful:problem:forbidden"
	problemEscalation           problemType = "urn:rightful:problem:escalation"
	problemNotFound             problemType = "urn:rightful:problem:not-found"
	problemMethodNotAllowed     problemType = "urn:rightful:problem:method-not-allowed"
	problemGroupExists          problemType = "urn:rightful:problem:group-exists"
	problemGroupHasMembers      problemType = "urn:rightful:problem:group-has-members"
	problemGroupIsInherited     problemType = "urn:rightful:problem:group-is-inherited"
	problemProtectedGroup       problemType = "urn:rightful:problem:protected-group"
	problemLastAdministrator    problemType = "urn:rightful:problem:last-administrator"
	problemInheritanceCycle     problemType = "urn:rightful:problem:inheritance-cycle"
	problemCannotRevert         problemType = "urn:rightful:problem:cannot-revert"
	problemRevisionConflict     problemType = "urn:rightful:problem:revision-conflict"
	problemTooLarge             problemType = "urn:rightful:problem:too-large"
	problemUnsupportedMediaType problemType = "urn:rightful:problem:unsupported-media-type"
	problemInvalid              problemType = "urn:rightful:problem:invalid"
	problemUnknownPermission    problemType = "urn:rightful:problem:unknown-permission"
	problemImportRejected       problemType = "urn:rightful:problem:import-rejected"
	problemPreconditionRequired problemType = "urn:rightful:problem:precondition-required"
	problemInternal             problemType = "urn:rightful:problem:internal"
	problemStoreUnavailable     problemType = "urn:rightful:problem:store-unavailable"
)

// problems gives each type its status and its title, which is the type in words.
var problems = map[problemType]struct {
	status int
	title  string
}{
	problemMalformedRequest:     {http.StatusBadRequest, "Malformed request"},
	problemUnauthenticated:      {http.StatusUnauthorized, "Unauthenticated"},
	problemForbidden:            {http.StatusForbidden, "Forbidden"},
	problemEscalation:           {http.StatusForbidden, "Escalation"},
	problemNotFound:             {http.StatusNotFound, "Not found"},
	problemMethodNotAllowed:     {http.StatusMethodNotAllowed, "Method not allowed"},
	problemGroupExists:          {http.StatusConflict, "Group exists"},
	problemGroupHasMembers:      {http.StatusConflict, "Group has members"},
	problemGroupIsInherited:     {http.StatusConflict, "Group is inherited"},
	problemProtectedGroup:       {http.StatusConflict, "Protected group"},
	problemLastAdministrator:    {http.StatusConflict, "Last administrator"},
	problemInheritanceCycle:     {http.StatusConflict, "Inheritance cycle"},
	problemCannotRevert:         {http.StatusConflict, "Cannot revert"},
	problemRevisionConflict:     {http.StatusPreconditionFailed, "Revision conflict"},
	problemTooLarge:             {http.StatusRequestEntityTooLarge, "Too large"},
	problemUnsupportedMediaType: {http.StatusUnsupportedMediaType, "Unsupported media type"},
	problemInvalid:              {http.StatusUnprocessableEntity, "Invalid"},
	problemUnknownPermission:    {http.StatusUnprocessableEntity, "Unknown permission"},
	problemImportRejected:       {http.StatusUnprocessableEntity, "Import rejected"},
	problemPreconditionRequired: {http.StatusPreconditionRequired, "Precondition required"},
	problemInternal:             {http.StatusInternalServerError, "Internal error"},
	problemStoreUnavailable:     {http.StatusServiceUnavailable, "Store unavailable"},
}

// problem is a problem document (RFC 9457). Type and Detail are the writer's to give; Title
// and Status follow from the Type.
type problem struct {
	Type       problemType         `json:"type"`
	Title      string              `json:"title"`
	Status     int                 `json:"status"`
	Detail     string              `json:"detail"`
	Instance   string              `json:"instance,omitempty"`
	Errors     []inputError        `json:"errors,omitempty"`
	ErrorCount int                 `json:"error_count,omitempty"`
	Missing    []missingPermission `json:"missing,omitempty"`
	Groups     [][]authz.GroupName `json:"groups,omitempty"` // each of which would do
	DenialID   authz.DenialID      `json:"denial_id,omitempty"`
	User       authz.UserID        `json:"user,omitempty"`
	Version    *authz.Revision     `json:"version,omitempty"`
}

// inputError is one thing that is wrong with the input: a value of a body, or a line of a file.
type inputError struct {
	Pointer string `json:"pointer,omitempty"`
	Line    int    `json:"line,omitempty"`
	Detail  string `json:"detail"`
}

// missingPermission is one permission, or for an escalation one pattern, that is lacking.
// Label and Category are the catalog's words, empty where it has none.
type missingPermission struct {
	Permission authz.Pattern `json:"permission"`
	Label      string        `json:"label,omitempty"`
	Category   []string      `json:"category,omitempty"`
}

const (
	problemMediaType = "application/problem+json"

	// defaultChallenge goes with every 401 that brings none of its own: RFC 9110 section
	// 15.5.2 wants one.
	defaultChallenge = "Bearer"
)

// writeProblem answers with p and lets no further handler run.
func writeProblem(c *gin.Context, p problem) {
	p = p.complete()
	body, err := json.Marshal(p)
	if err != nil { // strings, numbers and lists of them always encode
		panic(err)
	}
	writeRefusal(c, p.Status, problemMediaType, body)
}

// complete returns p with the title and the status of its type.
func (p problem) complete() problem {
	kind, known := problems[p.Type]
	if !known { // a fault of ours must not go out as a success
		p = problem{Type: problemInternal, Detail: internalDetail}
		kind = problems[problemInternal]
	}
	p.Title, p.Status = kind.title, kind.status
	return p
}

// internalDetail says no more than that: what went wrong is for the log.
const internalDetail = "Something went wrong here."

// writeRefusal writes an answer that no cache may keep, and lets no further handler run. As
// with any answer, a HEAD request gets the header alone.
func writeRefusal(c *gin.Context, status int, mediaType string, body []byte) {
	c.Abort()
	header := c.Writer.Header()
	header.Set("Content-Type", mediaType)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusUnauthorized && header.Get("WWW-Authenticate") == "" {
		header.Set("WWW-Authenticate", defaultChallenge)
	}
	c.Status(status)
	if c.Request.Method == http.MethodHead {
		c.Writer.WriteHeaderNow()
		return
	}
	_, _ = c.Writer.Write(body) // a client that has gone needs no answer
}
