package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
)

// Error is an error answer of the service: a problem document (RFC 9457). Type says what went wrong,
// Missing lists the permissions that the caller lacks, ForbiddenBy those that are granted but denied, Errors lists the errors of the request, and
// Version is the present version after a conflict. Of what an escalation lacks, Missing has the first 100, and MissingCount the number.
//
// An error answer that isn't a problem document comes from an intermediary. Its Type is "about:blank",
// and its Detail is the text of the status.
type Error struct{ openapi.Problem }

// Error returns the status, the detail, the missing permissions, and those that are granted but denied.
func (e *Error) Error() string {
	var missing, forbidden []string
	for _, m := range e.Missing {
		missing = append(missing, m.Permission)
	}
	for _, f := range e.ForbiddenBy {
		forbidden = append(forbidden, fmt.Sprintf("%s (%s)", f.Permission, f.Rule))
	}
	text := fmt.Sprintf("rightful: %d: %s", e.Status, e.Detail)
	if len(missing) > 0 {
		text += " Missing: " + strings.Join(missing, ", ")
		if more := e.MissingCount - len(missing); more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
	}
	if len(forbidden) > 0 {
		text += " Granted, but denied: " + strings.Join(forbidden, ", ")
	}
	return text
}

// Is reports whether err is an [*Error] of a type, such as [openapi.ProblemTypeNotFound].
func Is(err error, kind openapi.ProblemType) bool {
	var e *Error
	return errors.As(err, &e) && e.Type == kind
}

func problemOf(response *http.Response, body []byte) error {
	e := &Error{}
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if mediaType != "application/problem+json" || json.Unmarshal(body, &e.Problem) != nil {
		e.Problem = openapi.Problem{
			Type: "about:blank", Title: http.StatusText(response.StatusCode), Detail: http.StatusText(response.StatusCode),
		}
	}
	e.Status = response.StatusCode
	return e
}
