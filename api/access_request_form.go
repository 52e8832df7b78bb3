package api

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/localpath"
)

// A 403 page posts a form, so that it works without JavaScript. Browsers send forms to other origins without asking, and
// with cookies: so the host protects this address like its other forms, and besides we refuse what a browser marks as
// sent from elsewhere. People read the answer: it is a redirect or a page.

const (
	formType = "application/x-www-form-urlencoded"

	// requestParameter is the query parameter of the page after a form that has the id of the request.
	requestParameter = "access_request"
)

var (
	sameOrigin     = http.NewCrossOriginProtection()
	errOtherOrigin = errors.New("the form was sent from another site. Open the page here and send it again")
)

// asking requires a present policy, and of a form that it comes from the same origin.
func asking(c *call) error {
	if err := currentPolicy(c); err != nil {
		return err
	}
	if isForm(c.http.Request) && sameOrigin.Check(c.http.Request) != nil {
		return errOtherOrigin
	}
	return nil
}

// isForm reports whether a body is a form.
func isForm(r *http.Request) bool {
	return slices.ContainsFunc(r.Header.Values("Content-Type"), func(value string) bool {
		name, _, _ := mime.ParseMediaType(value)
		return name == formType
	})
}

// requestForm is the form by which someone asks for access.
type requestForm struct {
	spec authz.RequestSpec
	back string // the page to go to; "" for that of the request
}

// readRequestForm reads the form. Fields that it doesn't know belong to the host.
func (c *call) readRequestForm() (form requestForm) {
	fields := map[string]string{}
	for pair := range strings.SplitSeq(string(c.body), "&") {
		if pair == "" {
			continue
		}
		name, value, ok := splitPair(pair)
		switch {
		case !ok:
			c.bad("the form has the malformed part %s", clip(pair))
		case value == "":
		case name == "permission":
			form.spec.Permissions = append(form.spec.Permissions, authz.Permission(value))
		case !slices.Contains([]string{"denial_id", "reason", "until", "until_date", "return"}, name): // the host's
		case fields[name] != "":
			c.fieldFault(name, "is repeated")
		default:
			fields[name] = value
		}
	}
	form.spec.Denial = authz.DenialID(fields["denial_id"])
	form.spec.Reason = strings.Join(strings.Fields(fields["reason"]), " ") // people type lines, and spaces at the ends
	form.spec.Until = c.untilOfForm(fields["until"], fields["until_date"])
	if form.back = fields["return"]; form.back != "" && !localpath.Valid(form.back) {
		c.fieldFault("return", "must be a path of this site, such as /settings")
	}
	return form
}

// chosenDate is what the field until has if the end is in the field until_date, as people choose it without JavaScript.
const chosenDate = "date"

// untilOfForm reads the end of the access: a time, or the end of a day in UTC.
func (c *call) untilOfForm(until, day string) time.Time {
	switch until {
	case "":
		return time.Time{}
	case chosenDate:
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			c.fieldFault("until_date", "must be a day such as 2026-11-30")
			return time.Time{}
		}
		return at.AddDate(0, 0, 1)
	}
	end, ok := parseUntil(until)
	if !ok {
		c.fieldFault("until", `must be a time such as 2026-12-01T00:00:00Z, or "never"`)
	}
	return end.Time()
}

func (c *call) fieldFault(name, detail string) {
	c.faults.add("/"+name, "%s", detail)
}

// seeOther answers a form with a redirect to the page that shows the request.
func (c *call) seeOther(form requestForm, r authz.AccessRequest) {
	to := c.ownPath(r)
	if form.back != "" {
		to = localpath.WithParameter(form.back, requestParameter, string(r.ID))
	}
	c.http.Header("Location", to)
	c.http.Status(http.StatusSeeOther)
}

// answersForm is the key of what says that a request is a form that people sent.
const answersForm = "rightful.form"

var problemPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{{.Title}}</title>
<main>
<h1>{{.Title}}</h1>
<p>{{.Detail}}</p>
{{- if gt (len .Errors) 1}}
<ul>
{{- range .Errors}}
<li>{{.Detail}}</li>
{{- end}}
</ul>
{{- end}}
</main>
</html>
`))

// writeProblemPage answers a form with a problem as a page.
func writeProblemPage(c *gin.Context, d problem.Document) {
	d = d.Complete()
	d.Errors = each(d.Errors, func(e problem.InputError) problem.InputError {
		field := strings.TrimPrefix(e.Pointer, "/")
		if strings.Contains(field, "/") { // an item of a list, which the detail names
			field = ""
		}
		return problem.InputError{Detail: sentence(strings.TrimSpace(field + " " + e.Detail))}
	})
	if len(d.Errors) == 1 {
		d.Detail = d.Errors[0].Detail
	}
	var page bytes.Buffer
	if err := problemPage.Execute(&page, d); err != nil { // texts and lists of them are always shown
		panic(fmt.Errorf("a page of a problem: %w", err))
	}
	c.Header("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	problem.WriteBody(c.Writer, c.Request, d.Status, "text/html; charset=utf-8", page.Bytes())
}
