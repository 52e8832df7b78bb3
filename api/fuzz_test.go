package api_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api"
)

// For any request, the answer is one that the document describes, it is never an internal error, and
// an error stores nothing.

// provoke sends arbitrary requests as an administrator.
func (d *desk) provoke(request *http.Request) {
	d.t.Helper()
	revision, policy := d.engine.View().Revision(), d.get("admin", "/export").body
	r := d.send(request)
	if r.status < 400 {
		return
	}
	if r.status >= 500 {
		d.t.Errorf("%s answered %d: %s", r.asked, r.status, r.body)
	}
	if request.Method != http.MethodHead {
		if kind, _ := r.json()["type"].(string); !strings.HasPrefix(kind, "urn:rightful:problem:") || r.json()["status"] != float64(r.status) {
			d.t.Errorf("%s answered %d with no problem: %s", r.asked, r.status, r.body)
		}
	}
	if d.engine.View().Revision() != revision || d.get("admin", "/export").body != policy {
		d.t.Errorf("%s answered %d and stored something", r.asked, r.status)
	}
}

// operationAt returns an operation for any number.
func operationAt(n uint8, from []api.Operation) api.Operation { return from[int(n)%len(from)] }

var aPath = strings.NewReplacer("{group}", "Finance", "{user}", "cleo", "{revision}", "1")

func FuzzBody(f *testing.F) {
	var taking []api.Operation
	for _, o := range api.Operations() {
		if len(o.Types) > 0 {
			taking = append(taking, o)
		}
	}
	bodies := []string{
		`{"name":"A","description":"x","inherits":["Finance"],"permissions":{"grants":["a.*:b"],"restrictions":["*:*"]}}`,
		`{"description":null,"inherits":null}`, `{"name":"Administrators"}`, `{"name":"=1","name":2}`, `{"\u006eame":"\ud800"}`,
		`{"grants":["finance.*:*"],"restrictions":[]}`, `{"grant":["a:b"],"revoke":["a:b"],"restrict":[""],"lift":["x"]}`,
		`{"add":["ben"],"remove":["dana","group:x"]}`, `{"groups":[{"group":"Finance"},{"group":"Nobody"}]}`, `[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[`, "{\"name\":\"\xff\"}",
		"p, group:Finance, a.*, *, deny\ng, ben, group:Finance\n", "p, x\nq\n\"", "g, admin, Administrators\n", "# nothing\n\n", "",
	}
	for _, e := range writes {
		bodies = append(bodies, e.body)
	}
	for n := range taking {
		for _, body := range bodies {
			f.Add(uint8(n), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		d, o := newDesk(t), operationAt(n, taking)
		path := aPath.Replace(o.Path)
		if o.Path == "/imports" {
			path += "?mode=merge"
		}
		request := d.request("admin", o.Method, path, strings.NewReader(string(body)))
		request.Header.Set("Content-Type", o.Types[0])
		if o.Match != "" {
			request.Header.Set("If-Match", "*")
		}
		d.provoke(request)
	})
}

func FuzzPath(f *testing.F) {
	for n, o := range api.Operations() {
		for _, names := range [][]string{
			{"{group}", "Finance", "{user}", "cleo", "{revision}", "1"},
			{"{group}", "Administrators", "{user}", "admin", "{revision}", "0"},
			{"{group}", "a%2Fb", "{user}", "%00", "{revision}", "-1"},
			{"{group}", "..", "{user}", "%2e%2e", "{revision}", "99999999999999999999"},
			{"{group}", "%FF", "{user}", "a;b=c", "{revision}", "+1"},
		} {
			f.Add(uint8(n), strings.NewReplacer(names...).Replace(o.Path))
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, path string) {
		target, err := url.ParseRequestURI("/api/v1" + path)
		if err != nil || !strings.HasPrefix(path, "/") {
			return // no server gets it, or the host does
		}
		d, o := newDesk(t), operationAt(n, api.Operations())
		request := d.request("admin", o.Method, "/", io.NopCloser(strings.NewReader("{}")))
		request.URL, request.RequestURI = target, target.RequestURI()
		request.Header.Set("If-Match", "*")
		request.Header.Set("Content-Type", "application/json")
		d.provoke(request)
	})
}

func FuzzQuery(f *testing.F) {
	for n := range api.Operations() {
		for _, query := range []string{
			"", "&", "x=1", "dry_run=true", "dry_run=true&dry_run=false", "dry_run=true;x=1", "members=release&dry_run=true", "mode=replace", "mode=merge",
			"q=%zz", "q=%FF", "q=", "limit=1&q=a", "limit=0", "limit=501", "limit=+1", "cursor=x", "cursor=eyJsaXN0IjoiIiwiYWZ0ZXIiOiIxIn0",
			"since=2026-03-01T00:00:00Z&until=x", "actor=ana&group=Finance&user=cleo", "category=Finance+%3E+Operations",
		} {
			f.Add(uint8(n), query)
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, query string) {
		d, o := newDesk(t), operationAt(n, api.Operations())
		request := d.request("admin", o.Method, aPath.Replace(o.Path), strings.NewReader("{}"))
		request.URL.RawQuery = query
		request.RequestURI = request.URL.RequestURI()
		request.Header.Set("If-Match", "*")
		if len(o.Types) > 0 {
			request.Header.Set("Content-Type", o.Types[0])
		}
		d.provoke(request)
	})
}
