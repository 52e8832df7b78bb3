package guard

import (
	"slices"
	"strings"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/internal/accept"
)

// prefersHTML reports whether a request prefers a page to JSON, by its Accept headers (RFC 9110 section
// 12.5.1). A request without a preference gets JSON.
func prefersHTML(headers []string) bool {
	page := offer{types: []string{"text/html"}}
	document := offer{types: []string{problem.MediaType, "application/json"}}
	for _, header := range headers {
		for element := range strings.SplitSeq(header, ",") {
			if media, weight, ok := accept.Range(element); ok {
				page.consider(media, weight)
				document.consider(media, weight)
			}
		}
	}
	return page.weight > document.weight
}

// offer is a representation that we can send, under any of several names.
type offer struct {
	types    []string
	weight   float64 // the preference of the request, 0 for not acceptable
	specific int     // how specific the range is that gave the weight
}

// consider applies one range of an Accept header. The most specific range applies, and the higher
// weight of two equally specific ones.
func (o *offer) consider(media string, weight float64) {
	family, _, _ := strings.Cut(o.types[0], "/")
	specific := 0
	switch {
	case slices.Contains(o.types, media):
		specific = 3
	case media == family+"/*":
		specific = 2
	case media == "*/*":
		specific = 1
	}
	if specific > o.specific || specific > 0 && specific == o.specific && weight > o.weight {
		o.specific, o.weight = specific, weight
	}
}
