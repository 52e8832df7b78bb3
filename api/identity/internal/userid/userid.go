// Package userid turns what a token or a session says into the id of a user.
package userid

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/rightful-go/rightful/authz"
)

// Of returns the id that a value stands for: a string, an integer, or something that has a text, such as
// a UUID. Its error, for other values and for ids that [authz.UserID.Check] refuses, completes a
// sentence about the value.
func Of(value any) (authz.UserID, error) {
	text, err := textOf(value)
	if err != nil {
		return "", err
	}
	user := authz.UserID(text)
	if err := user.Check(); err != nil {
		return "", fmt.Errorf("is not a user id: it %w", err)
	}
	return user, nil
}

var errType = errors.New("is neither a string nor an integer")

func textOf(value any) (string, error) {
	switch value := value.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(value.String(), 10, 64); err == nil {
			return strconv.FormatInt(n, 10), nil
		}
		return "", errType
	case encoding.TextMarshaler:
		text, err := value.MarshalText()
		return string(text), err
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.String:
		return v.String(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), nil
	}
	return "", errType
}
