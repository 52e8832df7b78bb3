package api_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// deskPolicy is the policy of most tests. Its users are named for their rights.
const deskPolicy = `
p, group:Finance, finance.*, *
p, group:Deposit viewers, clients.requests.deposit, view
p, group:Requests desk, clients.requests.*, view
p, group:Requests desk, clients.requests.deposit, update
p, group:Trainees, clients.requests.withdrawal, update, deny
p, group:Group viewers, rightful.groups, view
p, group:Viewers, rightful.groups, view
p, group:Viewers, rightful.users, view
p, group:Group editors, rightful.groups, *
p, group:User editors, rightful.groups, view
p, group:User editors, rightful.users, *
p, group:Auditors, rightful.changes, view
p, group:Importers, rightful.policy, import
p, group:Exporters, rightful.policy, export
p, restricted, finance.operations, create, deny
g, group:Trainees, group:Requests desk
g, admin, group:Administrators
g, group-viewer, group:Group viewers
g, viewer, group:Viewers
g, lead, group:Viewers
g, group-editor, group:Group editors
g, user-editor, group:User editors
g, auditor, group:Auditors
g, importer, group:Importers
g, exporter, group:Exporters
g, dana, group:Finance
g, cleo, group:Deposit viewers
g, finn, group:Trainees
g, restricted, group:Finance
`

var deskCatalog = authz.Catalog{
	{Permission: "finance.operations:view", Label: "View operations", Category: []string{"Finance", "Operations"}},
	{Permission: "finance.operations:create", Label: "Book operations", Category: []string{"Finance", "Operations"}},
	{Permission: "finance.balances:adjust", Label: "Adjust balances", Category: []string{"Finance", "Balances"}, Description: "With a reason"},
	{Permission: "clients.requests.deposit:view", Label: "View deposits", Category: []string{"Clients"}},
	{Permission: "clients.requests.deposit:update", Label: "Decide deposits", Category: []string{"Clients"}},
	{Permission: "clients.requests.withdrawal:update", Label: "Decide withdrawals", Category: []string{"Clients"}},
	{Permission: "system.settings:view", Label: "View settings", Category: []string{"System"}},
}

// desk is the administrators' interface over a policy in memory.
type desk struct {
	t       testing.TB
	store   *authztest.Store
	engine  *authz.Engine
	handler http.Handler
}

func newDesk(t testing.TB, change ...func(*authz.Options)) *desk {
	t.Helper()
	policy, err := policycsv.ReadPolicy(strings.NewReader(deskPolicy))
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, store: authztest.NewStore()}
	options := authz.Options{
		Seed:   &authz.Seed{Catalog: deskCatalog, Policy: policy},
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&options)
	}
	if d.engine, err = authz.Open(t.Context(), d.store, options); err != nil {
		t.Fatal(err)
	}
	engine := d.engine // a test may mount another later
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	_, err = d.engine.As("admin").ChangeUserPermissions(t.Context(), "lead", authz.RulesDelta{
		Grant: []authz.Pattern{"rightful.members/Deposit viewers:assign"},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.mount(d.engine)
	return d
}

func (d *desk) mount(engine *authz.Engine) {
	r := gin.New()
	api.Mount(r.Group("/api/v1"), engine, signedIn)
	d.engine, d.handler = engine, r
}

// expire mounts an engine whose policy is too old for decisions.
func (d *desk) expire() {
	d.t.Helper()
	old, err := authz.Open(d.t.Context(), d.store, authz.Options{MaxAge: 1, PollInterval: 1 << 40, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = old.Close(context.Background()) })
	d.mount(old)
}

// reply is an answer to one request.
type reply struct {
	t      testing.TB
	asked  string
	status int
	header http.Header
	body   string
}

// do sends a request below /api/v1 as the user, and checks the answer against the document. A body
// is JSON, or CSV for imports, unless a header says otherwise.
func (d *desk) do(user, method, path, body string, header ...string) reply {
	d.t.Helper()
	request := d.request(user, method, path, strings.NewReader(body))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
		if strings.HasPrefix(path, "/imports") {
			request.Header.Set("Content-Type", "text/csv")
		}
	}
	if slices.Contains(header, "Content-Type") {
		request.Header.Del("Content-Type")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	return d.send(request)
}

// request makes a request. It has a length if the reader's is known.
func (d *desk) request(user, method, path string, body io.Reader) *http.Request {
	request := httptest.NewRequest(method, "/api/v1"+path, body)
	return request.WithContext(context.WithValue(request.Context(), signedInKey{}, authz.UserID(user)))
}

func (d *desk) send(request *http.Request) reply {
	d.t.Helper()
	recorded := record(d.t, request)
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, request)
	r := reply{
		t: d.t, asked: fmt.Sprintf("%s %s", request.Method, request.RequestURI),
		status: w.Code, header: w.Result().Header, body: w.Body.String(),
	}
	recorded(r)
	hold(d.t, request, r)
	return r
}

func (d *desk) get(user, path string) reply {
	d.t.Helper()
	return d.do(user, "GET", path, "")
}

// etag returns the present ETag of a group or a user.
func (d *desk) etag(path string) string {
	d.t.Helper()
	return d.get("admin", path).want(200).header.Get("ETag")
}

// ofVersion reports whether an ETag is one of a version: the revision and part of a hash.
func ofVersion(etag string, revision any) bool {
	form := fmt.Sprintf(`^"%v-[0-9a-f]{8}"$`, revision)
	return regexp.MustCompile(form).MatchString(etag)
}

func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s answered %d, not %d: %s", r.asked, r.status, status, r.body)
	}
	return r
}

// problem expects a problem document of a type, given without the common prefix.
func (r reply) problem(status int, kind string) map[string]any {
	r.t.Helper()
	r.want(status)
	document := r.json()
	if got := document["type"]; got != "urn:rightful:problem:"+kind {
		r.t.Fatalf("%s answered a problem %v, not %s: %s", r.asked, got, kind, r.body)
	}
	return document
}

// errors returns the pointers of a problem's errors, each with its detail.
func (r reply) errors() map[string]string {
	r.t.Helper()
	found := map[string]string{}
	list, _ := r.json()["errors"].([]any)
	for _, e := range list {
		e := e.(map[string]any)
		pointer, _ := e["pointer"].(string)
		if line, ok := e["line"].(float64); ok {
			pointer = strconv.Itoa(int(line))
		}
		found[pointer] = e["detail"].(string)
	}
	return found
}

func (r reply) json() map[string]any {
	r.t.Helper()
	var document map[string]any
	if err := json.Unmarshal([]byte(r.body), &document); err != nil {
		r.t.Fatalf("%s answered what is no JSON object: %v: %s", r.asked, err, r.body)
	}
	return document
}

// items returns one member of each item of a list.
func (r reply) items(member string) []string {
	r.t.Helper()
	names := []string{}
	for _, item := range r.want(200).json()["items"].([]any) {
		names = append(names, fmt.Sprint(item.(map[string]any)[member]))
	}
	return names
}

func (r reply) revision() string { return r.header.Get("Rightful-Revision") }

func init() { gin.SetMode(gin.TestMode) }

type signedInKey struct{}

// signedIn is the CurrentUser function of the tests: the context of their requests has the user.
func signedIn(c *gin.Context) authz.UserID {
	user, _ := c.Request.Context().Value(signedInKey{}).(authz.UserID)
	return user
}

// send serves one request as the user.
func send(r http.Handler, user authz.UserID, method, target string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, nil)
	request = request.WithContext(context.WithValue(request.Context(), signedInKey{}, user))
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	return w
}

// quiet are options with a discarded log.
var quiet = guard.Options{Logger: slog.New(slog.DiscardHandler)}

// exchange is a request on a new desk and its expected answer.
type exchange struct {
	user, method, path, body string
	match                    string // "now" sends the present ETag of the group or user, "stale" an old one
	status                   int
	problem                  string // the type, for one that fails
}

// runExchanges runs each exchange on its own desk.
func runExchanges(t *testing.T, all []exchange) {
	t.Helper()
	for _, e := range all {
		t.Run(fmt.Sprintf("%s %s %s %s %d %s", e.user, e.method, clipped(e.path), clipped(e.body), e.status, e.problem), func(t *testing.T) {
			newDesk(t).exchange(e)
		})
	}
}

func clipped(s string) string { return s[:min(len(s), 60)] }

func (d *desk) exchange(e exchange) reply {
	d.t.Helper()
	var header []string
	switch e.match {
	case "":
	case "now":
		header = []string{"If-Match", d.etag(resourceOf(e.path))}
	case "stale":
		header = []string{"If-Match", `"1"`}
	default:
		header = []string{"If-Match", e.match}
	}
	r := d.do(e.user, e.method, e.path, e.body, header...)
	if e.problem != "" {
		r.problem(e.status, e.problem)
	}
	return r.want(e.status)
}

// resourceOf returns the path of the group or user that has the ETag.
func resourceOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return "/" + strings.Join(strings.Split(path, "/")[1:3], "/")
}

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./api -update writes it", err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test ./api -update rewrites it. Got:\n%s", file, got)
	}
}

// decode reads a problem document.
func decode(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &document); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return document
}

// withoutRaces skips a test under the race detector, which is slow and finds little in one request after the other. The
// run without it has the test.
func withoutRaces(t testing.TB) {
	t.Helper()
	if raceDetector {
		t.Skip("the run without the race detector has it")
	}
}
