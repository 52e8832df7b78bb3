package api

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

const (
	maxImports = 2               // at once: one is carried out while the body of the next is received
	importWait = 5 * time.Second // for one of the others to end
)

// admitImport waits until there is room for the body of another import, which can take much memory. It returns
// false if there is none in time.
func (m *mounted) admitImport(ctx context.Context) bool {
	timer := time.NewTimer(importWait)
	defer timer.Stop()
	select {
	case m.imports <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func importPolicy(c *call) {
	mode := authz.ImportMode(c.choice("mode", string(authz.ImportMerge), string(authz.ImportReplace)))
	if _, there := c.query["mode"]; !there {
		c.bad(`the query parameter "mode" is missing; it must be merge or replace`)
	}
	c.change(func(a authz.Admin) (authz.Change, error) {
		file := c.file
		c.file = authz.PolicyFile{} // the engine keeps what it needs of it, and that is much less
		return a.Import(c.http.Request.Context(), file, mode)
	}, func(change authz.Change) { c.ok(changeOf(change)) })
}

func exportPolicy(c *call) {
	if c.refused() {
		return
	}
	file := newPacked()
	err := c.engine.ExportRows(c.http.Request.Context(), c.view, func(rows iter.Seq2[authz.Row, authz.Until]) error {
		return policycsv.WriteRows(file, rows)
	})
	file.close()
	if err != nil {
		c.fail(err)
		return
	}
	c.http.Header("Content-Disposition", `attachment; filename="policy.csv"`)
	c.writePacked(http.StatusOK, "text/csv; charset=utf-8", file)
}
