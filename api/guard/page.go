package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

//go:embed forbidden.html
var refusalSource string

// refusalTemplate is the page of a 401 and of a 403. It escapes whatever it is given.
var refusalTemplate = template.Must(template.New("forbidden.html").Parse(refusalSource))

// refusalPage is what the page shows.
type refusalPage struct {
	problem
	Texts         *Texts
	Heading, Told string
	Before, After string // what stands around the user
	OneIsEnough   bool
	Categories    []missingCategory
	Message       string // for an administrator
	Rows          int    // of the message
	SignIn        string
}

// missingCategory is what is missing in one category.
type missingCategory struct {
	Name    string
	Missing []missingPermission
}

func (g *Guard) page(c *gin.Context, p problem, oneIsEnough bool) refusalPage {
	texts := g.texts(c)
	view := refusalPage{problem: p, Texts: texts, Heading: texts.heading(p.Status)}
	switch p.Status {
	case http.StatusUnauthorized:
		view.Told, view.SignIn = texts.NotSignedIn, g.options.SignIn
		return view
	case http.StatusServiceUnavailable:
		view.Told = texts.TryAgain
		return view
	}
	view.problem, view.OneIsEnough = p.visible(), oneIsEnough && len(p.Missing) > 1
	view.Told = texts.needed(len(p.Missing), oneIsEnough)
	view.Before, view.After, _ = strings.Cut(texts.SignedInAs, userMark)
	view.Categories = byCategory(view.Missing)
	view.Message = view.message(c.Request)
	view.Rows = min(strings.Count(view.Message, "\n")+1, 16)
	return view
}

// visible returns p with names that people can read whole. The catalog's words are, since
// the engine accepts no others.
func (p problem) visible() problem {
	p.User = authz.UserID(oneLine(string(p.User)))
	p.Missing = slices.Clone(p.Missing)
	for i := range p.Missing {
		p.Missing[i].Permission = authz.Pattern(oneLine(string(p.Missing[i].Permission)))
	}
	return p
}

// byCategory keeps the order in which the route names its permissions.
func byCategory(missing []missingPermission) []missingCategory {
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
func (v refusalPage) message(request *http.Request) string {
	var b strings.Builder
	t := v.Texts
	fmt.Fprintf(&b, "%s\n\n", t.Request)
	fmt.Fprintf(&b, "%s: %s\n", t.User, v.User)
	fmt.Fprintf(&b, "%s: %s %s\n", t.Address, oneLine(request.Method), oneLine(request.URL.EscapedPath()))
	fmt.Fprintf(&b, "%s: %s\n", t.Time, time.Now().UTC().Format("2006-01-02 15:04:05 UTC"))
	if v.DenialID != "" {
		fmt.Fprintf(&b, "%s: %s\n", t.Denial, v.DenialID)
	}
	switch {
	case v.OneIsEnough:
		fmt.Fprintf(&b, "%s:\n", t.OneIsNeeded)
	case len(v.Missing) > 0:
		fmt.Fprintf(&b, "%s:\n", t.AllAreNeeded)
	}
	for _, m := range v.Missing {
		fmt.Fprintf(&b, "- %s\n", m.text())
	}
	if len(v.Groups) > 0 {
		fmt.Fprintf(&b, "%s:\n", t.AnyWouldDo)
	}
	for _, way := range v.Ways() {
		fmt.Fprintf(&b, "- %s\n", way)
	}
	return b.String()
}

// Ways names the groups that would do, those that would together in one text.
func (v refusalPage) Ways() []string {
	return each(v.Groups, func(groups []authz.GroupName) string { return strings.Join(plain(groups), " + ") })
}

// text names a permission in the catalog's words, as far as it has any.
func (m missingPermission) text() string {
	if m.Label == "" {
		return string(m.Permission)
	}
	words := strings.Join(append(m.Category[:len(m.Category):len(m.Category)], m.Label), " > ")
	return words + " (" + string(m.Permission) + ")"
}

// longestLine bounds what the page takes over from a request in one place, in code points.
const longestLine = 500

// oneLine keeps a name or an address from forging lines of the message, or the order of what
// is read: line breaks and invisible characters become visible.
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

// write answers with a page that can load nothing, run nothing and be framed by nobody.
func (v refusalPage) write(c *gin.Context) {
	var body bytes.Buffer
	if err := refusalTemplate.Execute(&body, v); err != nil { // a fault of ours; the document says as much
		writeProblem(c, v.problem)
		return
	}
	header := c.Writer.Header()
	header.Set("Content-Security-Policy", refusalPolicy)
	header.Set("Referrer-Policy", "no-referrer")
	writeRefusal(c, v.Status, "text/html; charset=utf-8", body.Bytes())
}

// refusalPolicy allows the page its one style sheet, by its hash, and nothing else.
var refusalPolicy = "default-src 'none'; style-src 'sha256-" + refusalStyleHash() +
	"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// refusalStyleHash hashes the style sheet as it goes out: the template may change what it
// copies.
func refusalStyleHash() string {
	var body strings.Builder
	if err := refusalTemplate.Execute(&body, refusalPage{}); err != nil {
		panic(err)
	}
	_, rest, _ := strings.Cut(body.String(), "<style>")
	style, _, found := strings.Cut(rest, "</style>")
	if !found {
		panic("api: the page has no style sheet")
	}
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}
