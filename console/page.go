package console

import (
	"bytes"
	"html/template"
	"net/http"

	"github.com/rightful-go/rightful/internal/accept"
)

// languages are those that the console is written in. The first is for readers of none of them.
var languages = []string{"en", "de"}

// page is the one page of the console, once for each language.
type page struct {
	options Options
	policy  string
	in      map[string]*asset
}

func newPage(options Options) *page {
	source, err := dist.ReadFile("dist/" + indexName)
	if err != nil { // the files are part of the program
		panic(err)
	}
	written := template.Must(template.New(indexName).Parse(string(source)))
	p := &page{options: options, policy: policyFor(options), in: map[string]*asset{}}
	for _, language := range languages {
		var b bytes.Buffer
		data := struct {
			Options
			Language string
		}{options, language}
		if err := written.Execute(&b, data); err != nil { // the template and its data are ours
			panic(err)
		}
		a := newAsset(indexName, b.Bytes())
		a.contentType = "text/html; charset=utf-8"
		p.in[language] = a
	}
	return p
}

// policyFor allows the console's own files and the REST interface, and nothing else: no inline script or style, no
// frame around it, no text that becomes HTML.
func policyFor(options Options) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src " + options.apiOrigin() +
		"; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
		"require-trusted-types-for 'script'; trusted-types 'none'"
}

func (p *page) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", p.policy)
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-cache")
	header.Add("Vary", "Accept-Language")
	p.in[languages[max(accept.Language(p.options.Language(r), languages), 0)]].write(w, r)
}
