package guard_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

// Check says what New would panic on, for options that come from configuration.
func TestOptionsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		options guard.Options
		says    string
	}{
		"challenge":           {guard.Options{Challenge: "Basic\r\nSet-Cookie: a=b"}, "Challenge"},
		"sign-in":             {guard.Options{SignIn: "javascript:alert(1)"}, "SignIn"},
		"home":                {guard.Options{Home: "javascript:alert(1)"}, "Home"},
		"console":             {guard.Options{Console: "javascript:alert(1)"}, "Console"},
		"console's fragment":  {guard.Options{Console: "/console/#/groups"}, "fragment"},
		"API elsewhere":       {guard.Options{API: "https://office.example/api/v1"}, "API"},
		"API of another host": {guard.Options{API: "//office.example/api"}, "API"},
		"API with a query":    {guard.Options{API: "/api?x"}, "API"},
		"tell":                {guard.Options{Tell: 7}, "Tell is 7"},
		"no texts":            {guard.Options{Texts: []guard.Texts{{Language: "fr"}}}, `"fr" lack SignInFirst`},
		"no place for a user": {guard.Options{Texts: []guard.Texts{anonymous}}, "{user}"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.options.Check()
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("the error is %v, want %q in it", err, c.says)
			}
			defer func() {
				if got, _ := recover().(string); got != "guard: "+err.Error() {
					t.Errorf("panicked with %q, not with %v", got, err)
				}
			}()
			guard.New(scenario(t, "backoffice"), signedIn, c.options)
		})
	}
	for _, options := range []guard.Options{
		{}, {SignIn: "/login"}, {Console: "/console/"}, {SignIn: "https://id.example/login?x=1"}, {Texts: []guard.Texts{guard.German()}, Tell: guard.TellGroups},
	} {
		if err := options.Check(); err != nil {
			t.Errorf("%+v: %v", options, err)
		}
	}
}

// A denial records the pattern of its route: by default the one of net/http, without the method.
func TestRouteOfADenial(t *testing.T) {
	for name, c := range map[string]struct {
		pattern string
		route   func(*http.Request) string
		want    string
	}{
		"method and path":       {"GET /requests/{id}", nil, "/requests/{id}"},
		"path":                  {"/requests/", nil, "/requests/"},
		"host":                  {"GET example.com/requests/{id}", nil, "example.com/requests/{id}"},
		"no pattern":            {"", nil, ""},
		"of the host's routing": {"", func(*http.Request) string { return "/of/:router" }, "/of/:router"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine, options := scenario(t, "backoffice"), quiet
				options.Route = c.route
				r := guard.New(engine, signedIn, options).Require("system.settings:view")(through)
				if c.pattern != "" {
					mux := http.NewServeMux()
					mux.Handle(c.pattern, r)
					r = mux
				}
				id := decode(t, send(r, "cleo", "GET", "/requests/17"))["denial_id"].(string)
				time.Sleep(time.Second)
				denial, err := engine.Denial(t.Context(), authz.DenialID(id))
				if err != nil || denial.Route != c.want || denial.Method != "GET" {
					t.Errorf("recorded is %+v, %v", denial, err)
				}
			})
		})
	}
}
