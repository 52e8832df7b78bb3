package api

import (
	"bytes"
	"net/http"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

func importPolicy(c *call) {
	mode := authz.ImportMode(c.choice("mode", string(authz.ImportMerge), string(authz.ImportReplace)))
	if _, there := c.query["mode"]; !there {
		c.bad(`the query parameter "mode" is missing; it must be merge or replace`)
	}
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.Import(c.http.Request.Context(), c.file, mode)
	}, func(change authz.Change) { c.ok(changeOf(change)) })
}

func exportPolicy(c *call) {
	if c.refused() {
		return
	}
	var file bytes.Buffer
	if err := policycsv.WritePolicy(&file, c.view.Export()); err != nil {
		c.fail(err)
		return
	}
	c.http.Header("Content-Disposition", `attachment; filename="policy.csv"`)
	c.http.Data(http.StatusOK, "text/csv; charset=utf-8", file.Bytes())
}
