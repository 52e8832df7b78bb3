package bearer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rightful-go/rightful/api/identity/internal/userid"
	"github.com/rightful-go/rightful/authz"
)

// user returns the user that a claim names, after a prefix.
func (c claims) user(name, prefix string) (authz.UserID, error) {
	text, ok := c.all[name]
	if !ok {
		return "", fmt.Errorf("it has no claim %q", name)
	}
	if name == "email" && !c.isEmailVerified() {
		return "", errors.New("its email is not verified, so it may be of somebody else")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // as large as it was written
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", fmt.Errorf("its claim %q: %w", name, err)
	}
	user, err := userid.Of(value)
	if err != nil {
		return "", fmt.Errorf("its claim %q %w", name, err)
	}
	user = authz.UserID(prefix) + user
	if err := user.Check(); err != nil {
		return "", fmt.Errorf("its claim %q, after the prefix %q, %w", name, prefix, err)
	}
	return user, nil
}

// isEmailVerified reports whether the issuer knows that the address is the user's (OpenID Connect Core 1.0 section 5.1).
// Some issuers write the value as a string.
func (c claims) isEmailVerified() bool {
	value := string(c.all["email_verified"])
	return value == "true" || value == `"true"`
}
