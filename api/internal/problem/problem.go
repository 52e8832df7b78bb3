package api

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// problemType is the "type" of a problem document: what went wrong, for programs.
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

// problems has the status and title of each type.
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

// problem is a problem document (RFC 9457). Title and Status follow from Type.
type problem struct {
	Type       problemType         `json:"type"`
	Title      string              `json:"title"`
	Status     int                 `json:"status"`
	Detail     string              `json:"detail"`
	Instance   string              `json:"instance,omitempty"`
	Errors     []inputError        `json:"errors,omitempty"`
	ErrorCount int                 `json:"error_count,omitempty"`
	Missing    []missingPermission `json:"missing,omitempty"`
	Groups     [][]authz.GroupName `json:"groups,omitempty"` // alternatives, each of which is enough
	DenialID   authz.DenialID      `json:"denial_id,omitempty"`
	User       authz.UserID        `json:"user,omitempty"`
	Version    *authz.Revision     `json:"version,omitempty"`
}

// inputError is one error of the input: a value of the body, or a line of a file.
type inputError struct {
	Pointer string `json:"pointer,omitempty"`
	Line    int    `json:"line,omitempty"`
	Detail  string `json:"detail"`
}

// missingPermission is one missing permission, or pattern in an escalation. Label and Category come
// from the catalog and are empty if it lacks the permission.
type missingPermission struct {
	Permission authz.Pattern `json:"permission"`
	Label      string        `json:"label,omitempty"`
	Category   []string      `json:"category,omitempty"`
}

const (
	problemMediaType = "application/problem+json"

	// defaultChallenge is the WWW-Authenticate header that RFC 9110 section 15.5.2 requires of a 401.
	defaultChallenge = "Bearer"
)

// writeProblem answers with p and aborts the request.
func writeProblem(c *gin.Context, p problem) {
	p = p.complete()
	body, err := json.Marshal(p)
	if err != nil { // strings, numbers and lists of them always encode
		panic(err)
	}
	writeRefusal(c, p.Status, problemMediaType, body)
}

// complete returns p with the title and status of its type.
func (p problem) complete() problem {
	kind, known := problems[p.Type]
	if !known { // a bug must not be answered as a success
		p = problem{Type: problemInternal, Detail: internalDetail}
		kind = problems[problemInternal]
	}
	p.Title, p.Status = kind.title, kind.status
	return p
}

// internalDetail reveals nothing; the log has the error.
const internalDetail = "Something went wrong on the server."

// writeRefusal writes an answer that no cache may store, and aborts the request. A HEAD request gets
// only the header.
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
	_, _ = c.Writer.Write(body) // the client may be gone
}
