package main

import (
	"bytes"
	"embed"
	"html/template"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

//go:embed templates
var templateFiles embed.FS

// templates has a template for each page, within the layout.
var templates = parseTemplates("home", "login", "error", "requests", "request", "resolutions",
	"profiles", "profile", "operations", "balances", "settings")

func parseTemplates(names ...string) map[string]*template.Template {
	parsed := map[string]*template.Template{}
	for _, name := range names {
		parsed[name] = template.Must(template.ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/"+name+".html"))
	}
	return parsed
}

// page is the data of every template.
type page struct {
	Title  string
	User   authz.UserID
	Name   string  // of the user; empty if there is none
	Places []place // in the navigation
	Path   string
	Said   string // feedback after an action
	Data   any

	engine *authz.Engine
}

// CanDecide lets a page show whether the user may decide the request. The guard enforces it.
func (p page) CanDecide(r request) bool { return p.engine.Can(p.User, neededToDecide(r.Type)...) }

// Within reports whether the page is one of a place in the navigation.
func (p page) Within(at place) bool {
	return p.Path == at.Path || strings.HasPrefix(p.Path, at.Path+"/")
}

// Current returns the place in the navigation to which the page belongs, nil if it belongs to none.
func (p page) Current() *place {
	if i := slices.IndexFunc(p.Places, p.Within); i >= 0 {
		return &p.Places[i]
	}
	return nil
}

// titled is data with a title of its own.
type titled interface{ title() string }

// answer sends v as JSON, or as the named page if the request prefers HTML.
func (a *app) answer(c *gin.Context, name string, v any) {
	c.Header("Vary", "Accept")
	if !prefersHTML(c.Request) {
		c.JSON(http.StatusOK, v)
		return
	}
	title := strings.ToUpper(name[:1]) + name[1:]
	if one, ok := v.(titled); ok {
		title = one.title()
	}
	a.render(c, http.StatusOK, name, title, v)
}

// render executes the template before it sends anything, so that an error never leaves half a page.
func (a *app) render(c *gin.Context, status int, name, title string, data any) {
	p := page{Title: title, User: identityOf(c).user, Path: c.Request.URL.Path, Data: data, engine: a.engine}
	if p.User != "" {
		p.Name, p.Places = a.users.name(c.Request.Context(), p.User), a.placesOf(c.Request.Context(), p.User)
	}
	if status == http.StatusOK {
		p.Said = saidOn(data, c.Query("done"))
	}
	var body bytes.Buffer
	if err := templates[name].ExecuteTemplate(&body, "layout.html", p); err != nil {
		slog.Error("failed to render a page", "page", name, "error", err)
		c.Data(http.StatusInternalServerError, "text/plain; charset=utf-8", []byte("This page could not be rendered.\n"))
		return
	}
	c.Data(status, "text/html; charset=utf-8", body.Bytes())
}

// prefersHTML reports whether a request prefers HTML to JSON (RFC 9110 section 12.5.1). JSON is the
// default.
func prefersHTML(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	return weight(accept, "text/html") > max(weight(accept, "application/json"), weight(accept, "application/problem+json"))
}

// weight returns the quality value of a media type in an Accept header, by the most specific range
// that matches.
func weight(accept, mediaType string) float64 {
	family, _, _ := strings.Cut(mediaType, "/")
	ranges := []string{"*/*", family + "/*", mediaType}
	exactness, best := -1, 0.0
	for element := range strings.SplitSeq(accept, ",") {
		media, parameters, err := mime.ParseMediaType(element)
		at := slices.Index(ranges, media)
		if err != nil || at < 0 || at < exactness {
			continue
		}
		exactness, best = at, 1
		if q, ok := parameters["q"]; ok {
			if best, err = strconv.ParseFloat(q, 64); err != nil {
				best = 0
			}
		}
	}
	return best
}
