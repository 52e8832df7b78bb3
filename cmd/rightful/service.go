package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// service is a running service that a command asks. Other users of the machine can read the arguments of a process, so
// no flag takes a secret.
type service struct {
	address     string
	tokenFile   string
	tokenHeader string
}

func (s *service) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.address, "url", "",
		"`address` of the service's REST API, such as https://desk.example/api/v1 (default $RIGHTFUL_URL)")
	cmd.Flags().StringVar(&s.tokenFile, "token-file", "", "`file` with the token for the service (default: the token in $RIGHTFUL_TOKEN)")
	cmd.Flags().StringVar(&s.tokenHeader, "token-header", "",
		"`header` for the token: a name, or NAME: TEXT with {token} in the text (default $RIGHTFUL_TOKEN_HEADER, or \"Authorization: Bearer {token}\")")
}

// answerTimeout bounds how long the service may take until it begins to answer. Imports can take a minute.
const answerTimeout = 2 * time.Minute

// transport returns what sends requests to the service, each with the token.
func (s *service) transport(p process) (http.RoundTripper, error) {
	getenv := p.getenv
	address, err := url.Parse(s.address)
	switch {
	case err != nil: // whose text would repeat the address, and there may be a password in it
		return nil, usageError{errors.New("the address of the service, in --url or RIGHTFUL_URL, isn't a URL such as https://desk.example/api/v1")}
	case address.User != nil:
		return nil, usageError{errors.New("--url must not have a user or a password: use RIGHTFUL_TOKEN, and --token-header 'Authorization: Basic {token}'")}
	}
	name, form, err := parseTokenHeader(cmp.Or(s.tokenHeader, getenv("RIGHTFUL_TOKEN_HEADER"), "Authorization: Bearer {token}"))
	if err != nil {
		return nil, usageError{err}
	}
	inEnvironment := getenv("RIGHTFUL_TOKEN")
	if s.tokenFile != "" && inEnvironment != "" {
		return nil, usageError{errors.New("both RIGHTFUL_TOKEN and --token-file give a token: use one of them")}
	}
	read := func() (string, error) { return inEnvironment, nil }
	if s.tokenFile != "" {
		read = s.readToken
	}
	if (s.tokenFile != "" || inEnvironment != "") && isOpen(s.address) {
		note(p.stderr, "The token is sent unencrypted, because --url is not https.\n")
	}
	network := http.DefaultTransport.(*http.Transport).Clone()
	network.ResponseHeaderTimeout = answerTimeout
	return &authenticated{next: network, header: name, form: form, token: read}, nil
}

// isOpen reports whether others on the way can read what is sent to an address.
func isOpen(address string) bool {
	at, err := url.Parse(address)
	if err != nil || at.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(at.Hostname())
	return at.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// readToken reads the token for each request, because what keeps a file of a token may replace it.
func (s *service) readToken() (string, error) {
	text, err := os.ReadFile(s.tokenFile)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("the file with the token is empty: %s", s.tokenFile)
	}
	return token, nil
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// tokenPlace is where a header's text has the token.
const tokenPlace = "{token}"

// parseTokenHeader splits the value of --token-header. A text without a place for the token is refused: it would be
// the token itself.
func parseTokenHeader(text string) (name, form string, _ error) {
	name, form, hasForm := strings.Cut(text, ":")
	name, form = strings.TrimSpace(name), strings.TrimSpace(form)
	switch {
	case !headerName.MatchString(name):
		return "", "", fmt.Errorf("--token-header must be the name of a header, such as X-Api-Key, or a name and a text with %s, such as 'Cookie: session=%[1]s'", tokenPlace)
	case hasForm && strings.Count(form, tokenPlace) != 1:
		return "", "", fmt.Errorf("--token-header %s must have %s where the token goes; the token itself belongs in RIGHTFUL_TOKEN or --token-file", name, tokenPlace)
	case !hasForm && strings.EqualFold(name, "Authorization"):
		form = "Bearer " + tokenPlace
	case !hasForm:
		form = tokenPlace
	}
	return name, form, nil
}

// authenticated sends requests with a token, to the service alone: it follows no redirect, because another server could
// get the token.
type authenticated struct {
	next         http.RoundTripper
	header, form string
	token        func() (string, error)
}

// RoundTrip sends a request with the token in its header. An empty token isn't sent.
func (a *authenticated) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := a.token()
	if err != nil {
		return nil, err
	}
	if strings.ContainsFunc(token, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		return nil, errors.New("the token has line breaks or other control characters")
	}
	sent := r.Clone(r.Context())
	if token != "" {
		sent.Header.Set(a.header, strings.Replace(a.form, tokenPlace, token, 1))
	}
	sent.Header.Set("User-Agent", "rightful/"+strings.Trim(buildInfo().Version, "()"))
	response, err := a.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	if to := response.Header.Get("Location"); response.StatusCode >= 300 && response.StatusCode < 400 && to != "" {
		_ = response.Body.Close()
		return nil, fmt.Errorf("the service redirects to %q, but rightful follows no redirects: set --url to the address of the API itself", to)
	}
	return response, nil
}
