package console

import (
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/internal/selfguarded"
)

// Handler serves the console to a router of net/http, chi or echo. The path of its mount must be stripped:
//
//	mux.Handle("/console/", http.StripPrefix("/console", console.Handler(console.Options{})))
//
// It panics on invalid options; see [Options.Check].
func Handler(options Options) http.Handler {
	if err := options.Check(); err != nil {
		panic("console: " + err.Error())
	}
	c := &console{page: newPage(options.withDefaults()), assets: distAssets()}
	return http.HandlerFunc(c.serve)
}

// Mount serves the console below r's path, to everybody: see the package. It panics on invalid options.
func Mount(r gin.IRouter, options Options) {
	handler := Handler(options)
	serve := selfguarded.Handler(func(c *gin.Context) {
		below := c.Request.Clone(c.Request.Context())
		below.URL.Path, below.URL.RawPath = c.Param("path"), ""
		handler.ServeHTTP(c.Writer, below)
	})
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if !endsInSlash(r) { // where it does, the path below covers it, and Gin refuses both
			r.Handle(method, "", serve)
		}
		r.Handle(method, "/*path", serve)
	}
}

// endsInSlash reports whether the path of a router ends in a slash, as that of an engine does.
func endsInSlash(r gin.IRouter) bool {
	group, ok := r.(interface{ BasePath() string })
	return ok && strings.HasSuffix(group.BasePath(), "/")
}

type console struct {
	page   *page
	assets map[string]*asset
}

func (c *console) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "The console is only read. Changes are made over the REST interface.")
		return
	}
	switch name := strings.TrimPrefix(r.URL.Path, "/"); {
	case r.URL.Path == "" && !strings.HasSuffix(askedPath(r), "/"):
		addSlash(w, r)
	case name == "":
		c.page.serve(w, r)
	case c.assets[name] != nil:
		c.assets[name].serve(w, r)
	default:
		refuse(w, http.StatusNotFound, "The console has no such file.")
	}
}

// refuse answers with an error that nothing keeps: the next version of the console may have the file.
func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, status)
}

// askedPath returns the path that was asked for, escaped, with what a router has stripped from it.
func askedPath(r *http.Request) string {
	asked, _, _ := strings.Cut(r.RequestURI, "?")
	return asked
}

// addSlash redirects to the same path with a slash at its end, from which the page's relative addresses start. The
// address is relative and begins with a dot, so that no path can make it another host's.
func addSlash(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", "./"+path.Base(askedPath(r))+"/")
	w.WriteHeader(http.StatusPermanentRedirect)
}
