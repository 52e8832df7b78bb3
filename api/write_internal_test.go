package api

import (
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// A write is answered with what it left, even if a later change has removed the group by then.
func TestAnswerOfDeletedGroup(t *testing.T) {
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	ana := engine.As("ana")
	created, err := ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk", Description: "made here"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ana.DeleteGroup(t.Context(), "Desk", false); err != nil {
		t.Fatal(err)
	}
	c := &call{engine: engine, after: engine.View(), made: created.Revision}
	c.http, _ = gin.CreateTestContext(httptest.NewRecorder())
	c.http.Request = httptest.NewRequestWithContext(t.Context(), "PATCH", "/groups/Desk", nil)
	view, g := c.changedGroup("Desk")
	if g.Description != "made here" || g.Version != created.Revision || view.Revision() != created.Revision {
		t.Errorf("answered with %+v at revision %d", g, view.Revision())
	}
}
