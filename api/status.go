package api

import (
	"encoding/hex"
	"math"
	"net/http"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// getStatus answers from memory, so that it works while the store is away. Only callers who may see
// changes see the state of table and records.
func getStatus(c *call) {
	if c.refused() {
		return
	}
	now := c.engine.Status()
	status := openapi.Status{
		Revision:   int64(now.Head.Revision),
		AgeSeconds: math.Round(now.Age.Seconds()*1000) / 1000,
	}
	if c.can(authz.ViewChanges) {
		status.Store = storeStatusOf(now.StoreErr)
		status.BadRows = badRowsOf(c.view.BadRows())
		status.Drift = driftOf(c.engine.Drift(maxShown))
		rules, count := c.view.Undeclared(maxShown)
		status.Undeclared = &openapi.Undeclared{Count: count, Items: each(rules, ruleOf)}
		status.Head = hex.EncodeToString(now.Head.Hash)
	}
	c.ok(status)
}

func storeStatusOf(err error) *openapi.StoreStatus {
	if err == nil {
		return &openapi.StoreStatus{State: openapi.StoreStatusStateOK}
	}
	return &openapi.StoreStatus{State: openapi.StoreStatusStateUnavailable, Detail: err.Error()}
}

func badRowsOf(rows []authz.BadRow) *openapi.BadRows {
	return &openapi.BadRows{Count: len(rows), Items: each(first(rows), badRowOf)}
}

func badRowOf(r authz.BadRow) openapi.BadRow {
	return openapi.BadRow{ID: r.ID, Values: each(r.Values, shortened), Detail: r.Detail, Denies: plain(first(r.Denies))}
}

// maxShownValue is how many code points of a bad row's value are shown. No name has as many, but in SQLite a value can have
// a gigabyte.
const maxShownValue = 200

// shortened cuts a long value of a bad row.
func shortened(value string) string {
	n := 0
	for i := range value {
		if n++; n > maxShownValue {
			return value[:i] + "…"
		}
	}
	return value
}

func driftOf(d authz.Drift) *openapi.Drift {
	return &openapi.Drift{
		Seeded:       d.Seeded,
		MissingCount: d.MissingCount, Missing: each(d.Missing, ruleOf),
		ExtraCount: d.ExtraCount, Extra: each(d.Extra, ruleOf),
	}
}

// getDocument answers with openapi.yaml as JSON.
func getDocument(c *call) {
	if c.refused() {
		return
	}
	c.write(http.StatusOK, "application/json", openapi.Document)
}
