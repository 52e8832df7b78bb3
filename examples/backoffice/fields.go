package main

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
)

// maxBody bounds what the application reads of a request. The REST interface has bounds of
// its own.
const maxBody = 64 << 10

// fields reads the named texts from a JSON object or a form. It wants every one of them once
// and nothing else; otherwise it answers the request and returns false.
func (a *app) fields(c *gin.Context, names ...string) (map[string]string, bool) {
	values, status, detail := readFields(c.Request)
	if detail == "" {
		status, detail = http.StatusBadRequest, fault(values, names)
	}
	if detail != "" {
		problem(c, status, detail)
		return nil, false
	}
	return values, true
}

// readFields returns what a body holds, or the status and the detail of a refusal.
func readFields(r *http.Request) (values map[string]string, status int, detail string) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/json":
		// This decoder takes no member twice and nothing after the object.
		err = json.UnmarshalRead(r.Body, &values)
	case err == nil && kind == "application/x-www-form-urlencoded":
		values, err = readForm(r)
	default:
		return nil, http.StatusUnsupportedMediaType, "Send application/json or a form."
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, http.StatusRequestEntityTooLarge, fmt.Sprintf("The body may have %d bytes at most.", tooLarge.Limit)
	case err != nil:
		// What the decoder says may repeat the input, a password among it.
		return nil, http.StatusBadRequest, "The body can't be read: send an object of texts, or a form, with each field once."
	}
	return values, http.StatusOK, ""
}

func readForm(r *http.Request) (map[string]string, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	values := map[string]string{}
	for name, list := range r.PostForm {
		if len(list) != 1 {
			return nil, errors.New("a field comes twice")
		}
		values[name] = list[0]
	}
	return values, nil
}

// fault says which field is missing or too much, nothing if none is.
func fault(values map[string]string, names []string) string {
	for _, name := range names {
		if _, ok := values[name]; !ok {
			return fmt.Sprintf("The field %q is missing.", name)
		}
	}
	if len(values) > len(names) {
		return fmt.Sprintf("There are no fields but %s here.", strings.Join(names, ", "))
	}
	return ""
}
