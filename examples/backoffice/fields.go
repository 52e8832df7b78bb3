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

// maxBody is the maximum size of a request body in bytes. The REST interface has its own limits.
const maxBody = 64 << 10

// fields reads the named texts from a JSON object or a form. Each name must be there exactly once,
// and no other. Otherwise it answers the request and returns false.
func (a *app) fields(c *gin.Context, names ...string) (map[string]string, bool) {
	values, status, detail := readFields(c.Request)
	if detail == "" {
		status, detail = http.StatusBadRequest, fault(values, names)
	}
	if detail != "" {
		a.problem(c, status, detail)
		return nil, false
	}
	return values, true
}

// readFields returns the fields of a body, or the status and the detail of an error.
func readFields(r *http.Request) (values map[string]string, status int, detail string) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && kind == "application/json":
		// This decoder rejects repeated members and anything after the object.
		err = json.UnmarshalRead(r.Body, &values)
	case err == nil && kind == "application/x-www-form-urlencoded":
		values, err = readForm(r)
	default:
		return nil, http.StatusUnsupportedMediaType, "Send application/json or a form."
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, http.StatusRequestEntityTooLarge, fmt.Sprintf("The body has more than %d bytes.", tooLarge.Limit)
	case err != nil:
		// The decoder's error may repeat the input, including a password.
		return nil, http.StatusBadRequest, "The body can't be read: send a JSON object of strings or a form, with each field once."
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
			return nil, errors.New("a field is repeated")
		}
		values[name] = list[0]
	}
	return values, nil
}

// fault describes a missing or unknown field, or returns "".
func fault(values map[string]string, names []string) string {
	for _, name := range names {
		if _, ok := values[name]; !ok {
			return fmt.Sprintf("The field %q is missing.", name)
		}
	}
	if len(values) > len(names) {
		return fmt.Sprintf("The body has an unknown field; the fields are %s.", strings.Join(names, ", "))
	}
	return ""
}
