package routename

import (
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// Entry returns the entry of a route's permission for a catalog. Its label is the method and the pattern, its category
// the segments of the pattern before the first parameter.
func Entry(p authz.Permission) authz.Entry {
	object, action, _ := p.Split()
	e := authz.Entry{Permission: p, Label: action + " " + object}
	if len([]rune(e.Label)) > maxLabel {
		e.Label = string([]rune(e.Label)[:maxLabel])
	}
	for segment := range strings.SplitSeq(strings.Trim(object, "/"), "/") {
		if segment == "" || strings.ContainsAny(segment, ":{") {
			break
		}
		e.Category = append(e.Category, segment)
	}
	return e
}

const maxLabel = 200 // in code points
