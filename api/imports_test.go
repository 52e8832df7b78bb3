package api_test

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

func TestPolicyOperations(t *testing.T) {
	runExchanges(t, []exchange{
		{"admin", "POST", "/imports?mode=merge", "g, ben, group:Finance\n", "", 200, ""},
		{"admin", "POST", "/imports?mode=merge&dry_run=true", "g, ben, group:Finance\n", "", 200, ""},
		{"admin", "POST", "/imports?mode=replace", "g, ben, group:Finance\n", "", 200, ""},
		{"importer", "POST", "/imports?mode=merge", "g, ben, group:Made\n", "", 200, ""},
		{"", "POST", "/imports?mode=merge", "", "", 401, "unauthenticated"},
		{"viewer", "POST", "/imports?mode=merge", "", "", 403, "forbidden"},
		{"importer", "POST", "/imports?mode=replace", "nonsense", "", 403, "forbidden"},
		{"admin", "POST", "/imports", "g, ben, group:Finance\n", "", 400, "malformed-request"},
		{"admin", "POST", "/imports?mode=", "g, ben, group:Finance\n", "", 400, "malformed-request"},
		{"admin", "POST", "/imports?mode=Merge", "g, ben, group:Finance\n", "", 400, "malformed-request"},
		{"admin", "POST", "/imports?mode=merge", "nonsense\n", "", 422, "import-rejected"},
		{"importer", "POST", "/imports?mode=merge", "g, ben, group:Finance\n", "", 403, "escalation"},

		{"exporter", "GET", "/export", "", "", 200, ""},
		{"", "GET", "/export", "", "", 401, "unauthenticated"},
		{"viewer", "GET", "/export", "", "", 403, "forbidden"},
		{"exporter", "GET", "/export?x=1", "", "", 400, "malformed-request"},
	})
}

func TestImportAnswersWithTheChange(t *testing.T) {
	d := newDesk(t)
	file := "# people\n\ng, \"Smith, Jo\", group:Newcomers\np, group:Newcomers, system.settings, view\n"
	r := d.do("admin", "POST", "/imports?mode=merge", file, "Content-Type", "text/csv; charset=utf-8", "Rightful-Reason", "all%20hands").want(200)
	c := r.json()
	if c["action"] != "policy.import" || c["added_count"] != 2.0 || c["reason"] != "all hands" || fmt.Sprint(c["revision"]) != r.revision() {
		t.Errorf("answered %s", r.body)
	}
	if groups := fmt.Sprint(c["groups"]); groups != "[map[after:map[description: name:Newcomers]]]" {
		t.Errorf("it made the groups %s", groups)
	}
	again := d.do("admin", "POST", "/imports?mode=merge", file).want(200)
	if c := again.json(); c["added_count"] != 0.0 || c["revision"] != nil || again.revision() != r.revision() {
		t.Errorf("again it answered %s", again.body)
	}
}

// Bad lines are listed in order, at most a thousand, and all are counted. Nothing is stored.
func TestImportNamesEveryBadLine(t *testing.T) {
	d := newDesk(t)
	before := d.engine.View().Revision()
	r := d.do("admin", "POST", "/imports?mode=merge",
		"g, ben, group:Finance\nq, x\np, group:Finance, no.such, thing\n\ng, a/b, group:Finance\np, group:Administrators, x, y, deny\n")
	p := r.problem(422, "import-rejected")
	e := r.errors()
	for _, line := range []string{"2", "3", "5", "6"} {
		if e[line] == "" {
			t.Errorf("line %s isn't named: %s", line, r.body)
		}
	}
	if len(e) != 4 || p["error_count"] != 4.0 {
		t.Errorf("%d errors, count %v", len(e), p["error_count"])
	}
	p = d.do("admin", "POST", "/imports?mode=merge", strings.Repeat("nonsense\n", 1500)).problem(422, "import-rejected")
	if len(p["errors"].([]any)) != 1000 || p["error_count"] != 1500.0 {
		t.Errorf("%d errors, count %v", len(p["errors"].([]any)), p["error_count"])
	}
	if d.engine.View().Revision() != before {
		t.Error("something was stored")
	}
}

// Like TestLimits, but without Content-Length.
func TestImportIsBounded(t *testing.T) {
	withoutRaces(t)
	d := newDesk(t)
	unannounced := d.request("admin", "POST", "/imports", io.MultiReader(strings.NewReader(commentsOf(32<<20+1, "LINES"))))
	unannounced.Header.Set("Content-Type", "text/csv")
	d.send(unannounced).problem(413, "too-large") // before the 400 for the missing mode
}

// A lost body must not empty the policy. Replacing by an empty policy takes an explicit line.
func TestImportOfNothing(t *testing.T) {
	const everything = "p, group:Administrators, *, *, allow\n"
	d := newDesk(t)
	before := d.engine.View().Revision()
	for _, mode := range []string{"merge", "replace", "replace&dry_run=true"} {
		r := d.do("admin", "POST", "/imports?mode="+mode, "", "Content-Type", "text/csv")
		r.problem(400, "malformed-request")
		if !strings.Contains(r.body, "the body is empty") {
			t.Errorf("answered %s", r.body)
		}
		for _, file := range []string{"\n", " \r\n\r\n", "# nothing\n", "\uFEFF"} {
			r := d.do("admin", "POST", "/imports?mode="+mode, file)
			if mode == "merge" {
				r.want(200)
				continue
			}
			if p := r.problem(422, "import-rejected"); p["error_count"] != 1.0 || !strings.Contains(r.errors()[""], strings.TrimSpace(everything)) {
				t.Errorf("%q is answered %s", file, r.body)
			}
		}
	}
	if d.engine.View().Revision() != before {
		t.Error("something was stored")
	}
	if c := d.do("admin", "POST", "/imports?mode=replace", everything).want(200).json(); c["added_count"] != 0.0 || c["removed_count"] == 0.0 {
		t.Errorf("what is meant is answered %v", c)
	}
}

func TestImportTakesCSVAlone(t *testing.T) {
	d := newDesk(t)
	for _, mediaType := range []string{"", "application/json", "text/plain", "text/csv; charset=latin1", "text/csv; header=absent", "text/*"} {
		r := d.do("admin", "POST", "/imports?mode=x", "g, ben, group:Finance\n", "Content-Type", mediaType)
		r.problem(415, "unsupported-media-type")
		if r.header.Get("Accept-Post") != "text/csv" {
			t.Errorf("Accept-Post is %q", r.header.Get("Accept-Post"))
		}
	}
}

// An export imports to the same policy, and the reader of the file format reads it.
func TestExportComesBack(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "PUT", "/groups/Finance/members/Smith,%20Jo", "").want(204)
	r := d.get("exporter", "/export").want(200)
	if got := r.header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
		t.Errorf("it is %s", got)
	}
	file, err := policycsv.ReadPolicy(strings.NewReader(r.body))
	if err != nil || file.FaultCount > 0 || len(file.Lines) != len(d.engine.View().Export()) {
		t.Fatalf("read back as %d lines with faults %v, %v", len(file.Lines), file.Faults, err)
	}
	if c := d.do("admin", "POST", "/imports?mode=replace", r.body).want(200).json(); c["added_count"] != 0.0 || c["removed_count"] != 0.0 {
		t.Errorf("imported onto itself it changes %v", c)
	}
	empty, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "admin", Catalog: deskCatalog})
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close(context.Background())
	d.mount(empty)
	d.do("admin", "POST", "/imports?mode=merge", r.body).want(200)
	if again := d.get("exporter", "/export").want(200); again.body != r.body {
		t.Errorf("came back as\n%s\nnot\n%s", again.body, r.body)
	}
}

// A large policy is exported in turn with other expensive work, a small one at once, and compressed or not it is the same.
func TestLargeExportsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		leave := d.busy()
		d.get("exporter", "/export").want(200)
		leave()
		var file strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&file, "g, user%05d, group:Finance\n", i)
		}
		d.importPolicy(file.String())
		leave = d.busy()
		start := time.Now()
		d.get("exporter", "/export").problem(429, "too-many")
		if waited := time.Since(start); waited != 5*time.Second {
			t.Errorf("it waited %v", waited)
		}
		d.get("nobody", "/export").problem(403, "forbidden")
		leave()
		var want strings.Builder
		if err := policycsv.WriteView(&want, d.engine.View()); err != nil {
			t.Fatal(err)
		}
		if got := d.get("exporter", "/export").want(200); got.body != want.String() || got.header.Get("Content-Length") != strconv.Itoa(want.Len()) {
			t.Errorf("%v and %d bytes, not %d", got.header, len(got.body), want.Len())
		}
		if got := d.compressed("/export"); got.Header().Get("Content-Encoding") != "gzip" || unzipped(t, got) != want.String() {
			t.Errorf("compressed it is something else: %v", got.Header())
		}
	})
}

// Two imports at once are received; the body of a third isn't read until one of them ends, for five seconds at
// most. Those who may not import don't wait.
func TestTwoImportsAtOnceAreReceived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		var ends []*io.PipeWriter
		var all sync.WaitGroup
		for range 2 {
			in, out := io.Pipe()
			ends = append(ends, out)
			request := d.request("admin", "POST", "/imports?mode=merge", in)
			request.Header.Set("Content-Type", "text/csv")
			all.Go(func() { d.send(request).want(200) })
		}
		synctest.Wait()
		third := func(user string) (reply, time.Duration) {
			start := time.Now()
			r := d.do(user, "POST", "/imports?mode=merge", "g, ben, group:Finance\n")
			return r, time.Since(start)
		}
		r, waited := third("importer")
		if r.problem(429, "too-many"); waited != 5*time.Second || r.header.Get("Retry-After") != "5" {
			t.Errorf("after %v with %v", waited, r.header)
		}
		if r, waited = third("viewer"); waited != 0 {
			t.Errorf("refused after %v", waited)
		}
		r.problem(403, "forbidden")
		time.AfterFunc(time.Second, func() { _, _ = ends[0].Write([]byte("# nothing\n")); _ = ends[0].Close() })
		if r, waited = third("admin"); waited != time.Second {
			t.Errorf("its turn came after %v", waited)
		}
		r.want(200)
		_, _ = ends[1].Write([]byte("# nothing\n"))
		_ = ends[1].Close()
		all.Wait()
	})
}
