package guard

import (
	"net/http"
	"strings"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/localpath"
)

// form asks for access. It is posted to the administrators' interface, which answers with a redirect to Return.
type form struct {
	Action      string
	Fields      map[string]string // of the host, see [Options.FormFields]
	Denial      authz.DenialID
	Permissions []authz.Permission // that are asked for if the denial isn't recorded
	Return      string             // the path of the refused page or of the user's requests; "" if there is neither

	// The ends to choose from. A script replaces the first two by those of the reader's days.
	Today, Week time.Time
	First, Last string // the days to choose from
}

// askable reports whether the page can have a form at all.
func (g *Guard) askable() bool { return g.options.API != "" && !g.engine.Requests().Off }

// form returns the form for a refusal; nil if nothing can be asked for.
func (g *Guard) form(r *http.Request, f Refusal) *form {
	v := &form{Action: strings.TrimSuffix(g.options.API, "/") + "/access-requests", Denial: f.DenialID, Return: returnTo(r)}
	if v.Return == "" {
		v.Return = g.ownRequests()
	}
	if f.DenialID == "" {
		if v.Permissions = f.toAskFor(); len(v.Permissions) == 0 {
			return nil
		}
	}
	if g.options.FormFields != nil {
		v.Fields = g.options.FormFields(r)
	}
	if _, replaced := v.Fields["return"]; replaced {
		v.Return = ""
	}
	year, month, day := time.Now().Date()
	v.Today = time.Date(year, month, day+1, 0, 0, 0, 0, time.Local)
	v.Week = v.Today.AddDate(0, 0, 7)
	v.First, v.Last = time.Now().Format(time.DateOnly), time.Now().AddDate(10, 0, -1).Format(time.DateOnly)
	return v
}

// maxAsked is how many permissions a request can have, see [authz.RequestSpec].
const maxAsked = 100

// toAskFor returns the permissions to name in a request if there is no denial to refer to: none if the user mustn't
// know them, or if one of several would be enough, which a request can't say.
func (f Refusal) toAskFor() []authz.Permission {
	lacked := f.lacked()
	if f.OneIsEnough && len(lacked) > 1 || len(lacked) > maxAsked {
		return nil
	}
	for _, p := range lacked {
		if wellFormed(p) != nil {
			return nil
		}
	}
	return lacked
}

// lacked returns the permissions that the user lacks, as far as the user may know.
func (f Refusal) lacked() []authz.Permission {
	var list []authz.Permission
	for _, e := range f.Missing {
		list = append(list, e.Permission)
	}
	for _, by := range f.ForbiddenBy {
		list = append(list, by.Permission)
	}
	return list
}

// ownRequests returns the path of the console's screen with the user's own requests; "" if it isn't on this host.
func (g *Guard) ownRequests() string {
	to := g.options.Console + "#/my-requests"
	if !localpath.Valid(to) {
		return ""
	}
	return to
}

// returnTo returns the path and query of the page that a request was for, on this host; "" if loading it again would
// be something else than the request was.
func returnTo(r *http.Request) string {
	if r.Method != http.MethodGet {
		return ""
	}
	to := r.URL.EscapedPath()
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	if !localpath.Valid(to) {
		return ""
	}
	return to
}
