package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// recordCatalog and recordPolicy are the policy of the certification, with a caller who may ask.
var recordCatalog = authz.Catalog{
	{Permission: "record:read", Label: "Read records"},
	{Permission: "record:write", Label: "Write records"},
	{Permission: "record:delete", Label: "Delete records"},
	{Permission: "record:archive", Label: "Archive records"},
	{Permission: "a:b:c", Label: "Something with a colon in it"},
}

const recordPolicy = `
g, root, group:Administrators
p, group:Writers, record, write, allow
p, group:Writers, record, read, allow
p, group:Readers, record, read, allow
p, carol, record.record-2, read, allow
p, dave, record, read, allow
p, dave, record.record-2, read, deny
p, service, rightful.decisions, evaluate, allow
g, alice, group:Writers
g, bob, group:Readers
`

const pointAddress = "https://pdp.example.com"

// records lists the ids of records.
func records(_ context.Context, resourceType, after string, limit int) ([]string, error) {
	list := []string{"record-1", "record-2", "record-3"}
	if resourceType != "record" {
		return nil, nil
	}
	list = slices.DeleteFunc(list, func(id string) bool { return id <= after })
	return list[:min(limit, len(list))], nil
}

// newPoint returns a desk that serves AuthZEN.
func newPoint(t testing.TB, change ...func(*api.AuthZENOptions)) *desk {
	t.Helper()
	options := api.AuthZENOptions{PolicyDecisionPoint: pointAddress, Resources: records}
	for _, f := range change {
		f(&options)
	}
	d := &desk{t: t}
	var err error
	d.engine, err = authz.Open(t.Context(), memstore.New(), authz.Options{
		Catalog: recordCatalog, Bootstrap: "admin", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.engine.Close(context.Background()) })
	d.importPolicy(recordPolicy)
	r := gin.New()
	if err := api.MountAuthZEN(r, d.engine, signedIn, options); err != nil {
		t.Fatal(err)
	}
	d.handler = r
	return d
}

// importPolicy adds a file to the policy.
func (d *desk) importPolicy(text string) {
	d.t.Helper()
	file, err := policycsv.ReadPolicy(strings.NewReader(text))
	if err == nil {
		_, err = d.engine.AsCommand("test").Import(d.t.Context(), file, authz.ImportMerge)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// ask sends a question as the user, and holds the answer against the document.
func (d *desk) ask(user, path, body string, header ...string) reply {
	d.t.Helper()
	request := httptest.NewRequest("POST", path, strings.NewReader(body))
	return d.sendAs(user, request, append([]string{"Content-Type", "application/json"}, header...)...)
}

func (d *desk) sendAs(user string, request *http.Request, header ...string) reply {
	d.t.Helper()
	request = request.WithContext(context.WithValue(request.Context(), signedInKey{}, authz.UserID(user)))
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	return d.send(request)
}

// decision returns the answer to a question that is answered.
func (r reply) decision() bool {
	r.t.Helper()
	got, ok := r.want(200).json()["decision"].(bool)
	if !ok {
		r.t.Fatalf("%s answered %s", r.asked, r.body)
	}
	return got
}

// results returns the ids, or the names of actions, of what a search found.
func (r reply) results() []string {
	r.t.Helper()
	found := []string{}
	for _, item := range r.want(200).json()["results"].([]any) {
		item := item.(map[string]any)
		id, ok := item["id"].(string)
		if !ok {
			id = item["name"].(string)
		}
		found = append(found, id)
	}
	return found
}

// nextToken returns what leads to the next page, "" where there is none.
func (r reply) nextToken() string {
	r.t.Helper()
	page, ok := r.want(200).json()["page"].(map[string]any)
	if !ok {
		return ""
	}
	return page["next_token"].(string)
}
