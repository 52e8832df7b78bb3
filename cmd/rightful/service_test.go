package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// asked is what a service was sent in a header.
func asked(t *testing.T, header string, s service, env map[string]string) (string, error) {
	t.Helper()
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get(header) }))
	defer server.Close()
	s.address = server.URL
	transport, err := s.transport(process{stderr: io.Discard, getenv: func(name string) string { return env[name] }})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	check(t, err)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return "", err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return got, response.Body.Close()
}

func TestTokenGoesIntoItsHeader(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	check(t, os.WriteFile(file, []byte("from-file\n"), 0o600))
	token := map[string]string{"RIGHTFUL_TOKEN": "abc"}
	for _, c := range []struct {
		header string
		s      service
		env    map[string]string
		want   string
	}{
		{"Authorization", service{}, token, "Bearer abc"},
		{"Authorization", service{}, nil, ""},
		{"Authorization", service{tokenHeader: "authorization"}, token, "Bearer abc"},
		{"Authorization", service{tokenHeader: "Authorization: Token {token}"}, token, "Token abc"},
		{"X-Api-Key", service{tokenHeader: "X-Api-Key"}, token, "abc"},
		{"Authorization", service{tokenHeader: "X-Api-Key"}, token, ""},
		{"Cookie", service{tokenHeader: "Cookie:session={token}"}, token, "session=abc"},
		{"X-Token", service{tokenFile: file}, map[string]string{"RIGHTFUL_TOKEN_HEADER": "X-Token"}, "from-file"},
		{"X-Token", service{tokenHeader: "X-Token"}, map[string]string{"RIGHTFUL_TOKEN": "abc", "RIGHTFUL_TOKEN_HEADER": "X-Other"}, "abc"},
	} {
		if got, err := asked(t, c.header, c.s, c.env); err != nil || got != c.want {
			t.Errorf("%+v with %v: %s is %q, %v, not %q", c.s, c.env, c.header, got, err, c.want)
		}
	}
}

// A secret in an argument, and a token that can't be one, are refused, and no message shows them.
func TestSecretsAreRefusedInArguments(t *testing.T) {
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "empty"), []byte("\n"), 0o600))
	for _, c := range []struct {
		s    service
		env  map[string]string
		want string
	}{
		{service{tokenHeader: "X-Api-Key: s3cret"}, nil, "must have {token}"},
		{service{tokenHeader: "Authorization: Bearer {token} {token}"}, nil, "must have {token}"},
		{service{tokenHeader: "s3cret{}"}, nil, "name of a header"},
		{service{tokenFile: "token"}, map[string]string{"RIGHTFUL_TOKEN": "s3cret"}, "use one of them"},
		{service{tokenFile: filepath.Join(folder, "nowhere")}, nil, "read the token"},
		{service{tokenFile: filepath.Join(folder, "empty")}, nil, "is empty"},
		{service{}, map[string]string{"RIGHTFUL_TOKEN": "s3cret\r\nX-User: ana"}, "control characters"},
	} {
		_, err := asked(t, "Authorization", c.s, c.env)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%+v with %v: %v, not %q", c.s, c.env, err, c.want)
		}
	}
	for _, address := range []string{"https://ana:s3cret@desk.example/api/v1", "https://ana:s3cret%zz@desk.example", "ht!tp://ana:s3cret@desk.example"} {
		s := service{address: address}
		if _, err := s.transport(process{stderr: io.Discard, getenv: func(string) string { return "" }}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("a password in --url: %v", err)
		}
	}
}

// The token goes to the service alone, wherever it redirects to.
func TestTokenFollowsNoRedirect(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	s := source{service: service{address: server.URL, tokenHeader: "X-Api-Key"}}
	env := map[string]string{"RIGHTFUL_TOKEN": "abc"}
	policy, err := s.open(t.Context(), process{getenv: func(name string) string { return env[name] }})
	check(t, err)
	defer policy.close()
	if _, err := policy.Status(t.Context()); err == nil || !strings.Contains(err.Error(), "redirects to") || reached {
		t.Errorf("%v, and the other server was reached: %v", err, reached)
	}
}

// A token that others on the way can read is told.
func TestTokenOverOpenNetworkIsTold(t *testing.T) {
	for address, want := range map[string]bool{
		"http://desk.example/api/v1": true, "http://10.0.0.7:8080/api/v1": true,
		"https://desk.example/api/v1": false, "http://127.0.0.1:8080/api/v1": false, "http://[::1]/api/v1": false, "http://localhost/api/v1": false,
	} {
		for _, token := range []string{"abc", ""} {
			var stderr strings.Builder
			s := service{address: address}
			_, err := s.transport(process{stderr: &stderr, getenv: func(name string) string { return map[string]string{"RIGHTFUL_TOKEN": token}[name] }})
			if told := strings.Contains(stderr.String(), "unencrypted"); err != nil || told != (want && token != "") {
				t.Errorf("%s with token %q: told %v, %v", address, token, told, err)
			}
		}
	}
}
