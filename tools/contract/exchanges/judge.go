package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// validator checks requests and answers against the document.
type validator interface {
	name() string
	request(*http.Request) error
	response(*http.Request, *http.Response) error
}

// judge checks exchanges against the document with all validators. Its rules:
//
//   - The document describes the answer to every request for an operation: status, headers and body.
//   - The document calls every request valid that was carried out. Of several evaluations, those that
//     were answered with an error may be invalid; see answerable.
//   - A request that the document calls valid isn't refused for its form, with 400, 413, 415 or 428,
//     except for reasons that no schema can express; see beyond.
//
// Requests for paths or methods that the document lacks aren't checked here but by the tests of api. Nor
// is 401, which the host decides.
type judge struct {
	routes     func(*http.Request) bool // whether a request is for an operation
	validators []validator
	exchanges  int
	used       map[*regexp.Regexp]bool // the entries of beyond that were needed
}

func newJudge(document []byte) (*judge, error) {
	k, err := newKin(document)
	if err != nil {
		return nil, fmt.Errorf("kin-openapi: %w", err)
	}
	p, err := newPB33F(document)
	if err != nil {
		return nil, fmt.Errorf("libopenapi-validator: %w", err)
	}
	return &judge{routes: k.knows, validators: []validator{k, p}, used: map[*regexp.Regexp]bool{}}, nil
}

// judge returns what is wrong with an exchange.
func (j *judge) judge(e *exchange) (faults []error) {
	if r := e.request(); r == nil || !j.routes(r) {
		return nil
	}
	j.exchanges++
	valid := true
	for _, v := range j.validators {
		fault := func(what string, err error) {
			faults = append(faults, fmt.Errorf("%s (%s): %s: %s: %w", e, e.Test, v.name(), what, err))
		}
		r := e.request()
		if err := v.response(r, e.response(r)); err != nil {
			fault("the answer", err)
		}
		if e.Unread { // the body can't be checked, and the service didn't depend on it
			continue
		}
		err := v.request(e.request())
		if err == nil {
			continue
		}
		if valid = false; e.Status >= 300 {
			continue
		}
		if rest := answerable(e); rest != nil {
			err = v.request(rest.request())
		}
		if err != nil {
			fault("a request that was carried out", err)
		}
	}
	if valid && !e.Unread && refusedForItsForm(e.Status) && !e.isPage() {
		if err := j.explained(e); err != nil {
			faults = append(faults, fmt.Errorf("%s (%s): the document calls it valid: %w", e, e.Test, err))
		}
	}
	return faults
}

func refusedForItsForm(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusPreconditionRequired:
		return true
	}
	return false
}

// beyond matches the errors that the document describes only in words, because no schema can express
// them.
var beyond = []*regexp.Regexp{
	// The query as a whole: a schema describes the value of one parameter.
	regexp.MustCompile(`^The query has more than 8 KiB\.$`),
	regexp.MustCompile(`^the query parameter ".*"…? is unknown$`),
	regexp.MustCompile(`^the query parameter ".*" is repeated$`),
	regexp.MustCompile(`^the query has the malformed part ".*"…?$`),
	// The spelling of booleans and numbers; validators accept 1, TRUE and +5 as well.
	regexp.MustCompile(`^the query parameter "dry_run" must be true or false$`),
	regexp.MustCompile(`^the query parameter "limit" must be a number from 1 to 500$`),
	// Parameters that depend on each other.
	regexp.MustCompile(`^the query parameter "revision" requires "dry_run=true"`),
	regexp.MustCompile(`^the query parameter "until" can't be combined with "decision_only=true"`),
	// Opaque values of the service.
	regexp.MustCompile(`^the query parameter "cursor" (is not a next_cursor|belongs to another list)`),
	regexp.MustCompile(`^is not a next_token$`),
	regexp.MustCompile(`^belongs to another search$`),
	regexp.MustCompile(`^differs from the limit of the previous page$`),
	// Ids, whose rules go beyond a schema.
	regexp.MustCompile(`^the query parameter "user" with ".*"…? begins with "group:"`),
	// The syntax of headers, and repeated headers.
	regexp.MustCompile(`^the header If-Match must be \* or a list of entity tags`),
	regexp.MustCompile(`^the header Rightful-Reason (must be percent-encoded UTF-8|is repeated)$`),
	regexp.MustCompile(`^the header X-Request-ID is repeated$`),
	regexp.MustCompile(`^the header Idempotency-Key is repeated$`),
	// The depth of a body.
	regexp.MustCompile(`^The body has more than 32 levels\.$`),
	// What a decoder has dropped before a schema sees the value.
	regexp.MustCompile(`^is repeated$`),
	regexp.MustCompile(`^is not JSON at byte \d+: invalid (UTF-8|surrogate pair)`),
}

// inOperation matches the pointers into the operations of a batch. Each has the form of its own request, which a schema of
// the whole batch can't express.
var inOperation = regexp.MustCompile(`^/operations/[0-9]+/(body|if_match)`)

// explained looks for a reason in beyond.
func (j *judge) explained(e *exchange) error {
	var problem struct {
		Detail string `json:"detail"`
		Errors []struct {
			Pointer string `json:"pointer"`
			Detail  string `json:"detail"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(e.Answer, &problem); err != nil {
		return err
	}
	details := []string{problem.Detail}
	for _, err := range problem.Errors {
		if inOperation.MatchString(err.Pointer) {
			return nil
		}
		details = append(details, err.Detail)
	}
	for _, reason := range beyond {
		for _, detail := range details {
			if reason.MatchString(detail) {
				j.used[reason] = true
				return nil
			}
		}
	}
	return errors.New(strings.Join(details, " "))
}

// unused returns the entries of beyond that no exchange needed.
func (j *judge) unused() (list []string) {
	for _, reason := range beyond {
		if !j.used[reason] {
			list = append(list, reason.String())
		}
	}
	return list
}
