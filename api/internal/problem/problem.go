// Package problem has the problem documents (RFC 9457) of the administrators' interface and of the
// guard. [Write] answers a request with one.
package problem

import (
	"encoding/json"
	"net/http"

	"github.com/rightful-go/rightful/authz"
)

// Type is the "type" of a problem document: what went wrong, for programs.
type Type string

// The types of problems. openapi.yaml describes them.
const (
	MalformedRequest     Type = "urn:rightful:problem:malformed-request"
	Unauthenticated      Type = "urn:rightful:problem:unauthenticated"
	Forbidden            Type = "urn:rightful:problem:forbidden"
	Escalation           Type = "urn:rightful:problem:escalation"
	OwnRequest           Type = "urn:rightful:problem:own-request"
	NotFound             Type = "urn:rightful:problem:not-found"
	MethodNotAllowed     Type = "urn:rightful:problem:method-not-allowed"
	GroupExists          Type = "urn:rightful:problem:group-exists"
	GroupHasMembers      Type = "urn:rightful:problem:group-has-members"
	GroupIsInherited     Type = "urn:rightful:problem:group-is-inherited"
	ProtectedGroup       Type = "urn:rightful:problem:protected-group"
	LastAdministrator    Type = "urn:rightful:problem:last-administrator"
	InheritanceCycle     Type = "urn:rightful:problem:inheritance-cycle"
	CannotRevert         Type = "urn:rightful:problem:cannot-revert"
	RequestDecided       Type = "urn:rightful:problem:request-decided"
	RevisionConflict     Type = "urn:rightful:problem:revision-conflict"
	TooLarge             Type = "urn:rightful:problem:too-large"
	UnsupportedMediaType Type = "urn:rightful:problem:unsupported-media-type"
	Invalid              Type = "urn:rightful:problem:invalid"
	UnknownPermission    Type = "urn:rightful:problem:unknown-permission"
	ImportRejected       Type = "urn:rightful:problem:import-rejected"
	PreconditionRequired Type = "urn:rightful:problem:precondition-required"
	TooMany              Type = "urn:rightful:problem:too-many"
	Internal             Type = "urn:rightful:problem:internal"
	StoreUnavailable     Type = "urn:rightful:problem:store-unavailable"
)

// kinds has the status and title of each type.
var kinds = map[Type]struct {
	status int
	title  string
}{
	MalformedRequest:     {http.StatusBadRequest, "Malformed request"},
	Unauthenticated:      {http.StatusUnauthorized, "Unauthenticated"},
	Forbidden:            {http.StatusForbidden, "Forbidden"},
	Escalation:           {http.StatusForbidden, "Escalation"},
	OwnRequest:           {http.StatusForbidden, "Own request"},
	NotFound:             {http.StatusNotFound, "Not found"},
	MethodNotAllowed:     {http.StatusMethodNotAllowed, "Method not allowed"},
	GroupExists:          {http.StatusConflict, "Group exists"},
	GroupHasMembers:      {http.StatusConflict, "Group has members"},
	GroupIsInherited:     {http.StatusConflict, "Group is inherited"},
	ProtectedGroup:       {http.StatusConflict, "Protected group"},
	LastAdministrator:    {http.StatusConflict, "Last administrator"},
	InheritanceCycle:     {http.StatusConflict, "Inheritance cycle"},
	CannotRevert:         {http.StatusConflict, "Cannot revert"},
	RequestDecided:       {http.StatusConflict, "Request decided"},
	RevisionConflict:     {http.StatusPreconditionFailed, "Revision conflict"},
	TooLarge:             {http.StatusRequestEntityTooLarge, "Too large"},
	UnsupportedMediaType: {http.StatusUnsupportedMediaType, "Unsupported media type"},
	Invalid:              {http.StatusUnprocessableEntity, "Invalid"},
	UnknownPermission:    {http.StatusUnprocessableEntity, "Unknown permission"},
	ImportRejected:       {http.StatusUnprocessableEntity, "Import rejected"},
	PreconditionRequired: {http.StatusPreconditionRequired, "Precondition required"},
	TooMany:              {http.StatusTooManyRequests, "Too many requests"},
	Internal:             {http.StatusInternalServerError, "Internal error"},
	StoreUnavailable:     {http.StatusServiceUnavailable, "Store unavailable"},
}

// Document is a problem document. Title and Status follow from Type.
type Document struct {
	Type         Type                `json:"type"`
	Title        string              `json:"title"`
	Status       int                 `json:"status"`
	Detail       string              `json:"detail"`
	Instance     string              `json:"instance,omitempty"`
	Errors       []InputError        `json:"errors,omitempty"`
	ErrorCount   int                 `json:"error_count,omitempty"`
	Missing      []Missing           `json:"missing,omitempty"`
	MissingCount int                 `json:"missing_count,omitempty"`
	ForbiddenBy  []Granted           `json:"forbidden_by,omitempty"`
	Groups       [][]authz.GroupName `json:"groups,omitempty"` // alternatives, each of which is enough
	DenialID     authz.DenialID      `json:"denial_id,omitempty"`
	User         authz.UserID        `json:"user,omitempty"`
	Version      *authz.Revision     `json:"version,omitempty"`
}

// InputError is one error of the input: a value of the body, or a line of a file.
type InputError struct {
	Pointer string `json:"pointer,omitempty"`
	Line    int    `json:"line,omitempty"`
	Detail  string `json:"detail"`
}

// Missing is one missing permission, or pattern in an escalation. Label and Category come from the
// catalog and are empty if it lacks the permission.
type Missing struct {
	Permission authz.Pattern `json:"permission"`
	Label      string        `json:"label,omitempty"`
	Category   []string      `json:"category,omitempty"`
}

// Granted is a permission that a rule grants, and what denies it. Label comes from the catalog and is empty
// if it lacks the permission.
type Granted struct {
	Permission authz.Permission `json:"permission"`
	Label      string           `json:"label,omitempty"`
	Rule       authz.Obstacle   `json:"rule"`
}

const (
	// MediaType is the content type of a problem document.
	MediaType = "application/problem+json"

	// DefaultChallenge is the WWW-Authenticate header that RFC 9110 section 15.5.2 requires of a 401.
	DefaultChallenge = "Bearer"

	// RetryAfter is how many seconds clients should wait while the store is away or expensive work takes turns.
	RetryAfter = "5"
)

// Details of problems that both the interface and the guard answer.
const (
	SignInFirst = "Sign in first."
	// InternalDetail reveals nothing; the log has the error.
	InternalDetail = "Something went wrong on the server."
	// UnidentifiedDetail is the text of a 503 if an identity can't be established.
	UnidentifiedDetail = "The server can't find out who is signed in. Try again later."
	// ExpiredDetail is the text of a 503 past [authz.Options.MaxAge].
	ExpiredDetail = "The store can't be reached, and the last policy read is too old for decisions. Try again later."
)

// Status returns the HTTP status of every type.
func Status() map[Type]int {
	all := make(map[Type]int, len(kinds))
	for t, kind := range kinds {
		all[t] = kind.status
	}
	return all
}

// Complete returns the document with the title and status of its type.
func (d Document) Complete() Document {
	kind, known := kinds[d.Type]
	if !known { // a bug must not be answered as a success
		d = Document{Type: Internal, Detail: InternalDetail}
		kind = kinds[Internal]
	}
	d.Title, d.Status = kind.title, kind.status
	return d
}

// Write answers a request with a document.
func Write(w http.ResponseWriter, r *http.Request, d Document) {
	d = d.Complete()
	body, err := json.Marshal(d)
	if err != nil { // strings, numbers and lists of them always encode
		panic(err)
	}
	WriteBody(w, r, d.Status, MediaType, body)
}

// Protect keeps an answer out of caches and stops browsers from guessing its content type.
func Protect(header http.Header) {
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
}

// WriteBody writes an error answer that no cache may store. A HEAD request gets only the header.
func WriteBody(w http.ResponseWriter, r *http.Request, status int, mediaType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", mediaType)
	Protect(header)
	if status == http.StatusUnauthorized && header.Get("WWW-Authenticate") == "" {
		header.Set("WWW-Authenticate", DefaultChallenge)
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may be gone
	}
}
