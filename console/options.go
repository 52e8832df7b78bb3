package console

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Options configure a console. Every zero value is useful.
type Options struct {
	// API is where package api is mounted: a path on the same host, or an http or https address. The default is "/api/v1". A
	// path that doesn't begin with a slash starts from the console's own. At another origin it needs TokenKey, and its host
	// has to allow the console's origin (CORS).
	API string

	// SignIn is the host's page to sign in: a path, or an http or https address. The console links it when nobody is
	// signed in, with its own address in the query parameter "return". If it is empty, the console asks people to sign in
	// without a link.
	SignIn string

	// Home is the link that leads back into the application. If it is empty, there is no such link.
	Home string

	// TokenKey is for hosts that identify people by a bearer token and not by a cookie: the key under which the host's
	// pages keep the token in the browser's sessionStorage or localStorage. The console sends it as "Authorization: Bearer
	// …", and asks for one if there is none.
	TokenKey string

	// Language returns the languages that the reader prefers, in the form of an Accept-Language header, as in
	// guard.Options. If it is nil, the header of the request is used. The console is in English and German.
	Language func(*http.Request) string
}

// Check returns an error if [Handler] and [Mount] would panic on the options.
func (o Options) Check() error {
	for _, option := range []struct{ name, link string }{{"API", o.API}, {"SignIn", o.SignIn}, {"Home", o.Home}} {
		if !isLink(option.link) {
			return fmt.Errorf("the option %s %q is neither a path nor an http or https address", option.name, option.link)
		}
	}
	if strings.ContainsAny(o.API, "?#") {
		return fmt.Errorf("the option API %q has a query or a fragment", o.API)
	}
	return nil
}

var hostName = regexp.MustCompile(`^([\w.-]+|\[[\da-fA-F:.]+\])(:\d+)?$`)

// isLink reports whether a text is a path or an address of the web. What browsers read as an address although it looks
// like a path is neither, and no host may have characters that mean something in a content security policy.
func isLink(text string) bool {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.User != nil || strings.ContainsAny(text, "\\\t "):
		return false
	case u.Scheme == "":
		return !strings.HasPrefix(text, "//")
	}
	return (u.Scheme == "http" || u.Scheme == "https") && hostName.MatchString(u.Host)
}

func (o Options) withDefaults() Options {
	if o.API == "" {
		o.API = "/api/v1"
	}
	if o.API != "/" {
		o.API = strings.TrimRight(o.API, "/")
	}
	if o.Language == nil {
		o.Language = func(r *http.Request) string { return strings.Join(r.Header.Values("Accept-Language"), ",") }
	}
	return o
}

// apiOrigin is the origin of the interface in the words of a content security policy.
func (o Options) apiOrigin() string {
	if u, err := url.Parse(o.API); err == nil && u.Host != "" {
		return u.Scheme + "://" + u.Host
	}
	return "'self'"
}
