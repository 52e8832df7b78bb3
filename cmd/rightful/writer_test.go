package main

import (
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// A service may keep decided requests for longer than is the default: a command that opens its database deletes none.
func TestCommandsKeepDecidedRequests(t *testing.T) {
	s := newPageShell(t, onDatabase)
	s.backoffice()
	session, err := openSession(t.Context(), &databaseFlags{address: "sqlite:policy.db"}, recordKey{}, authz.Options{})
	check(t, err)
	defer session.close()
	if kept := session.engine.Requests().KeepFor; kept < 50*365*24*time.Hour {
		t.Errorf("requests are kept for %s", kept)
	}
}
