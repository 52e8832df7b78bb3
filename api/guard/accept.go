package api

import (
	"slices"
	"strconv"
	"strings"
)

// prefersHTML reports whether a request would rather have a page than JSON, by its Accept
// headers (RFC 9110 section 12.5.1). A request that likes both equally, or neither, gets JSON.
func prefersHTML(accept []string) bool {
	page := offer{types: []string{"text/html"}}
	document := offer{types: []string{problemMediaType, "application/json"}}
	for _, header := range accept {
		for element := range strings.SplitSeq(header, ",") {
			if media, weight, ok := mediaRange(element); ok {
				page.consider(media, weight)
				document.consider(media, weight)
			}
		}
	}
	return page.weight > document.weight
}

// offer is something that we could send, under any of several names.
type offer struct {
	types    []string
	weight   float64 // how much the request likes it, 0 for not at all
	specific int     // how exactly the range names it that gave the weight
}

// consider takes in one range of an Accept header: the one that names the offer most exactly
// counts, and the better of two that are equally exact.
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

// mediaRange takes one element of an Accept header apart. It is false where the element can't
// be read, and where it asks for a variant that we don't have ("text/html;level=1").
func mediaRange(element string) (media string, weight float64, ok bool) {
	media, parameters, more := strings.Cut(element, ";")
	media, weight = strings.ToLower(strings.TrimSpace(media)), 1
	for more {
		var parameter string
		parameter, parameters, more = strings.Cut(parameters, ";")
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(parameter)), "=")
		switch {
		case name == "q":
			var err error
			if weight, err = strconv.ParseFloat(value, 64); err != nil || !(weight >= 0 && weight <= 1) {
				return "", 0, false
			}
			return media, weight, true // what follows the weight is no part of the range
		case name != "" && parameter != "" && !(name == "charset" && strings.Trim(value, `"`) == "utf-8"):
			return "", 0, false
		}
	}
	return media, weight, media != ""
}
