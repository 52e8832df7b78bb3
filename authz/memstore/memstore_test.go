package memstore_test

import (
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

func TestStore(t *testing.T) {
	authztest.TestStore(t, func(*testing.T) authz.Store { return memstore.New() })
}
