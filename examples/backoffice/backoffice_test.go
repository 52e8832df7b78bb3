package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

const testPassword = "correct horse"

// office is a back office that runs for a test.
type office struct {
	*app
	t    *testing.T
	base string
}

func testConfig(t *testing.T) config {
	t.Helper()
	seed, err := fs.Sub(embedded, "seed")
	if err != nil {
		t.Fatal(err)
	}
	return config{
		dsn: "sqlite:" + filepath.Join(t.TempDir(), "office.db"), seed: seed,
		demoPassword: testPassword, hashCost: bcrypt.MinCost,
	}
}

// openOffice starts a back office that closes with the test, or earlier by stop.
func openOffice(t *testing.T, c config) (o *office, stop func()) {
	t.Helper()
	a, err := newApp(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a.handler)
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			server.Close()
			a.close()
		}
	}
	t.Cleanup(stop)
	return &office{a, t, server.URL}, stop
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o, _ := openOffice(t, testConfig(t))
	return o
}

// reply is an answer with its complete body.
type reply struct {
	status int
	header http.Header
	body   string
}

// header is one header of a request, "Name: value".
type header string

func bearer(token string) header { return header("Authorization: Bearer " + token) }

const (
	asPage = header("Accept: text/html,application/xhtml+xml,*/*;q=0.8") // as browsers ask
	asForm = header("Content-Type: application/x-www-form-urlencoded")
	asJSON = header("Content-Type: application/json")
)

// send sends one request and follows no redirect.
func (o *office) send(method, path, body string, headers ...header) reply {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.base+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(string(h), ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(text)}
}

// want sends a request and fails the test if the status is another one.
func (o *office) want(status int, method, path, body string, headers ...header) reply {
	o.t.Helper()
	r := o.send(method, path, body, headers...)
	if r.status != status {
		o.t.Fatalf("%s %s answered %d, want %d: %s", method, path, r.status, status, r.body)
	}
	return r
}

// signIn returns the header of a request by the user.
func (o *office) signIn(user string) header {
	o.t.Helper()
	return bearer(o.token(user))
}

func (o *office) token(user string) string {
	o.t.Helper()
	body, err := json.Marshal(map[string]string{"user": user, "password": testPassword})
	if err != nil {
		o.t.Fatal(err)
	}
	var answer struct{ Token string }
	o.want(http.StatusOK, "POST", "/login", string(body), asJSON).decode(o.t, &answer)
	if answer.Token == "" {
		o.t.Fatalf("%s got no token", user)
	}
	return answer.Token
}

func (r reply) decode(t *testing.T, v any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewBufferString(r.body))
	if err := decoder.Decode(v); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
}

// problemBody has the members of a problem document that the tests check.
type problemBody struct {
	Type     string
	Status   int
	User     string
	DenialID string `json:"denial_id"`
	Missing  []struct {
		Permission, Label string
		Category          []string
	}
	ForbiddenBy []struct{ Permission string } `json:"forbidden_by"`
}

func (r reply) problem(t *testing.T) (p problemBody) {
	t.Helper()
	if kind := r.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("the problem comes as %q", kind)
	}
	r.decode(t, &p)
	if p.Status != r.status {
		t.Errorf("the problem says %d, the answer %d", p.Status, r.status)
	}
	return p
}

// missing returns what the user lacks: what nothing grants, and what is granted and denied all the same.
func (p problemBody) missing() (names []string) {
	for _, m := range p.Missing {
		names = append(names, m.Permission)
	}
	for _, f := range p.ForbiddenBy {
		names = append(names, f.Permission)
	}
	return names
}
