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

// Error is what the service answers where it doesn't do what it was asked for: a problem document
// (RFC 9457). Type says what went wrong, Missing which permissions the caller lacks, Errors what is
// wrong with what was sent, and Version which version is there where another was expected.
//
// An answer that is no such document came from something in between; its Type is "about:blank",
// and its Detail is the status in words.
type Error struct{ openapi.Problem }

// Error names what the caller lacks, too.
func (e *Error) Error() string {
	var missing []string
	for _, m := range e.Missing {
		missing = append(missing, m.Permission)
	}
	text := fmt.Sprintf("rightful: %d: %s", e.Status, e.Detail)
	if len(missing) > 0 {
		text += " Missing: " + strings.Join(missing, ", ")
	}
	return text
}

// Is reports whether an error is a problem of a type, such as [openapi.ProblemTypeNotFound].
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
