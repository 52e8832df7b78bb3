package guard

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
)

//go:embed page.html
var pageSource string

// pageTemplate is the page of a 401, a 403 and a 503. It escapes all values.
var pageTemplate = template.Must(template.New("page.html").Parse(pageSource))

// page is the data of the page.
type page struct {
	problem.Document
	Texts         *Texts
	Heading, Told string
	Before, After string // the text around the user's id
	OneIsEnough   bool
	Categories    []missingCategory
	Message       string // to send to an administrator
	Rows          int    // of the message
	SignIn, Home  string // links
	Console       string // link to the explanation of the denial
	Asked         *asked // what became of the user's request
	Form          *form  // to ask for access
}

// missingCategory has the missing permissions of one category.
type missingCategory struct {
	Name    string
	Missing []problem.Missing
}

func (g *Guard) page(r *http.Request, p problem.Document, f Refusal, texts *Texts) page {
	view := page{Document: p, Texts: texts, Heading: texts.heading(p.Status), Told: f.Detail}
	switch p.Status {
	case http.StatusUnauthorized:
		view.SignIn = g.options.SignIn
		return view
	case http.StatusServiceUnavailable:
		return view
	}
	view.Document, view.OneIsEnough = visible(p), f.OneIsEnough && len(p.Missing) > 1
	view.Home = g.options.Home
	if g.options.Console != "" && p.DenialID != "" {
		view.Console = g.options.Console + "#/why/" + url.PathEscape(string(p.DenialID))
	}
	view.Before, view.After, _ = strings.Cut(texts.SignedInAs, userMark)
	view.Categories = byCategory(view.Missing)
	view.Message = view.message(r)
	view.Rows = min(strings.Count(view.Message, "\n")+1, 16)
	if g.askable() {
		if view.Asked = g.asked(r, f, texts); view.Asked == nil || !view.Asked.Waits {
			view.Form = g.form(r, f)
		}
	}
	return view
}

// visible makes invisible characters of the user's id and of permissions visible. Words of the catalog
// have none.
func visible(p problem.Document) problem.Document {
	p.User = authz.UserID(oneLine(string(p.User)))
	p.Missing = slices.Clone(p.Missing)
	for i := range p.Missing {
		p.Missing[i].Permission = authz.Pattern(oneLine(string(p.Missing[i].Permission)))
	}
	p.ForbiddenBy = slices.Clone(p.ForbiddenBy)
	for i := range p.ForbiddenBy {
		p.ForbiddenBy[i].Permission = authz.Permission(oneLine(string(p.ForbiddenBy[i].Permission)))
	}
	return p
}

// byCategory groups missing permissions by category, in the order of the route's permissions.
func byCategory(missing []problem.Missing) []missingCategory {
	var list []missingCategory
	at := map[string]int{}
	for _, m := range missing {
		name := strings.Join(m.Category, " › ")
		i, ok := at[name]
		if !ok {
			i = len(list)
			at[name] = i
			list = append(list, missingCategory{Name: name})
		}
		list[i].Missing = append(list[i].Missing, m)
	}
	return list
}

// message is the text to send to an administrator: who, where, when, and what is missing.
func (v page) message(request *http.Request) string {
	var b strings.Builder
	t := v.Texts
	fmt.Fprintf(&b, "%s\n\n", t.Request)
	fmt.Fprintf(&b, "%s: %s\n", t.User, v.User)
	fmt.Fprintf(&b, "%s: %s %s\n", t.Address, oneLine(request.Method), oneLine(request.URL.EscapedPath()))
	fmt.Fprintf(&b, "%s: %s\n", t.Time, time.Now().UTC().Format("2006-01-02 15:04:05 UTC"))
	if v.DenialID != "" {
		fmt.Fprintf(&b, "%s: %s\n", t.Denial, v.DenialID)
	}
	for _, o := range v.Obstacles() {
		fmt.Fprintf(&b, "%s:\n", o.Heading)
		for _, f := range o.Granted {
			fmt.Fprintf(&b, "- %s\n", describe(problem.Missing{Permission: authz.Pattern(f.Permission), Label: f.Label}))
		}
	}
	switch {
	case v.OneIsEnough:
		fmt.Fprintf(&b, "%s:\n", t.OneIsNeeded)
	case len(v.Missing) > 0:
		fmt.Fprintf(&b, "%s:\n", t.AllAreNeeded)
	}
	for _, m := range v.Missing {
		fmt.Fprintf(&b, "- %s\n", describe(m))
	}
	if len(v.Groups) > 0 {
		fmt.Fprintf(&b, "%s:\n", t.OneGroupIsNeeded)
	}
	for _, way := range v.Ways() {
		fmt.Fprintf(&b, "- %s\n", way)
	}
	return b.String()
}

// obstacle has the permissions that one kind of rule denies.
type obstacle struct {
	Heading string
	Granted []problem.Granted
}

// Obstacles lists what is granted but denied: first by a bad row, which has to be repaired before anything else
// helps.
func (v page) Obstacles() []obstacle {
	var list []obstacle
	add := func(rule authz.Obstacle, heading string) {
		of := obstacle{Heading: heading}
		for _, f := range v.ForbiddenBy {
			if f.Rule == rule {
				of.Granted = append(of.Granted, f)
			}
		}
		if len(of.Granted) > 0 {
			list = append(list, of)
		}
	}
	if len(v.ForbiddenBy) > 0 {
		add(authz.ObstacleRow, v.Texts.FaultyRowOver)
		add(authz.ObstacleRestriction, v.Texts.RestrictedBy)
	}
	return list
}

// Ways lists the alternatives, each a group or several groups together.
func (v page) Ways() []string {
	var ways []string
	for _, groups := range v.Groups {
		names := make([]string, len(groups))
		for i, name := range groups {
			names[i] = string(name)
		}
		ways = append(ways, strings.Join(names, " + "))
	}
	return ways
}

// describe names a permission in the catalog's words, if it has any.
func describe(m problem.Missing) string {
	if m.Label == "" {
		return string(m.Permission)
	}
	words := strings.Join(append(m.Category[:len(m.Category):len(m.Category)], m.Label), " > ")
	return words + " (" + string(m.Permission) + ")"
}

// longestLine is the maximum length of a value from the request on the page, in code points.
const longestLine = 500

// oneLine replaces line breaks and invisible characters, so that a name or an address can't forge lines
// of the message or change the reading order.
func oneLine(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > longestLine {
			b.WriteRune('…')
			break
		}
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}

// write answers with a page that can't load anything, run other scripts than its own or be framed.
func (v page) write(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	if err := pageTemplate.Execute(&body, v); err != nil { // a bug; the problem document has the same content
		problem.Write(w, r, v.Document)
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", pagePolicy)
	header.Set("Referrer-Policy", "no-referrer")
	if v.Form != nil { // the host's protection from forged requests may look at the Origin or the Referer of the form
		header.Set("Content-Security-Policy", formPolicy)
		header.Set("Referrer-Policy", "same-origin")
	}
	problem.WriteBody(w, r, v.Status, "text/html; charset=utf-8", body.Bytes())
}

// pagePolicy allows only the page's own style sheet and script, by their hashes. The script copies the text for an
// administrator, and puts times in the reader's zone; without it, the text can be selected, and times are UTC.
var pagePolicy = "default-src 'none'; script-src 'sha256-" + hashOfPart("script") + "'; style-src 'sha256-" + hashOfPart("style") +
	"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// formPolicy is the policy of a page with a form: it can be sent to this host alone.
var formPolicy = strings.Replace(pagePolicy, "form-action 'none'", "form-action 'self'", 1)

// hashOfPart hashes the content of an element of the page as it is sent, since the template may change it.
func hashOfPart(element string) string {
	var body strings.Builder
	if err := pageTemplate.Execute(&body, page{}); err != nil {
		panic(err)
	}
	_, rest, _ := strings.Cut(body.String(), "<"+element+">")
	part, _, found := strings.Cut(rest, "</"+element+">")
	if !found {
		panic("guard: the page has no " + element)
	}
	sum := sha256.Sum256([]byte(part))
	return base64.StdEncoding.EncodeToString(sum[:])
}
