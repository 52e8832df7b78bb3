package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// restated is an error in the words of the command, in place of those of the interface.
type restated struct {
	text string
	error
}

func (r restated) Error() string { return r.text }
func (r restated) Unwrap() error { return r.error }

// message is what people read of an error. An error answer is shown in its own words, without the parts that are for
// programs, and with all errors of the input.
func message(err error) string {
	var answer *client.Error
	if !errors.As(err, &answer) || errors.As(err, new(restated)) {
		return err.Error()
	}
	return strings.Replace(err.Error(), answer.Error(), answerText(answer), 1)
}

func answerText(e *client.Error) string {
	if e.Type == "about:blank" {
		return fmt.Sprintf("the service answered %d %s%s", e.Status, e.Detail, hint(e.Status))
	}
	text := strings.TrimPrefix(e.Error(), fmt.Sprintf("rightful: %d: ", e.Status))
	if e.Status == http.StatusUnauthorized {
		text += hint(e.Status)
	}
	if len(e.Errors) == 1 && e.Type != openapi.ProblemTypeImportRejected && e.Type != openapi.ProblemTypeCannotRevert {
		return e.Errors[0].Detail // the rest is a pointer into the body
	}
	for _, one := range e.Errors {
		text += "\n  " + inputError(one)
	}
	if more := e.ErrorCount - len(e.Errors); more > 0 {
		text += fmt.Sprintf("\n  and %d more", more)
	}
	return text
}

func inputError(e openapi.InputError) string {
	switch {
	case e.Line > 0:
		return fmt.Sprintf("line %d: %s", e.Line, e.Detail)
	case e.Pointer != "":
		return e.Pointer + " " + e.Detail
	}
	return e.Detail
}

// hint says what to do about an answer that doesn't say it itself.
func hint(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return " Set RIGHTFUL_TOKEN or --token-file to a valid token, and --token-header if the service reads it from another header."
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "; check that --url ends with the prefix of the API, such as /api/v1"
	}
	return ""
}

// linesError lists the bad lines of a file, each with the name of the file.
func linesError(name string, err error) error {
	var rejected *authz.Error
	if !errors.As(err, &rejected) || !errors.Is(err, authz.ErrImportRejected) {
		return fmt.Errorf("%s: %w", name, err)
	}
	return badFile(name, rejected.Faults, rejected.Count)
}

func badFile(name string, faults []authz.Fault, count int) error {
	lines := make([]string, 0, len(faults)+1)
	for _, fault := range faults {
		lines = append(lines, fmt.Sprintf("%s:%d: %s", name, fault.Line, fault.Detail))
	}
	if more := count - len(faults); more > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more", name, more))
	}
	return fmt.Errorf("the file has %s\n%s", plural(count, "error"), strings.Join(lines, "\n"))
}

// inSeed names the folder of a seed that can't be used.
func inSeed(folder string, err error) error {
	return fmt.Errorf("the seed %s can't be used: %w", folder, err)
}
