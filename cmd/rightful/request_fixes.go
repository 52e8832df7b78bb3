package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
)

// writeRequestFixes numbers for people what would grant a request.
func writeRequestFixes(text *strings.Builder, r openapi.AccessRequest) {
	writeBadRows(text, r.User, r.BadRows)
	switch {
	case isHeld(r):
		note(text, "%s already has this access.\n", r.User)
		return
	case len(r.Fixes) == 0:
		note(text, "There is no fix.\n")
		return
	}
	heading := "Fixes that would grant it:"
	if len(r.BadRows) > 0 {
		heading = "Fixes that would grant it once the bad rows are repaired:"
	}
	note(text, "\n%s\n", heading)
	for i, fix := range r.Fixes {
		note(text, "%2d. %s\n", i+1, describe(r.User, fix))
		for _, effect := range sideEffects(fix) {
			note(text, "    %s\n", effect)
		}
		if !r.Until.IsZero() && !ends(fix) {
			note(text, "    doesn't end automatically\n")
		}
		note(text, "    %s\n", mayApply(fix))
	}
	if r.More {
		note(text, "There may be more fixes.\n")
	}
}

// sideEffects says what a fix does beside granting what is asked for.
func sideEffects(f openapi.Fix) []string {
	var list []string
	add := func(what string, names []string, n int) {
		if n > 0 {
			list = append(list, what+" "+some(names, n))
		}
	}
	add("also gives", f.AlsoGives, f.AlsoGivesCount)
	add("takes away", f.AlsoTakes, f.AlsoTakesCount)
	add("brings restrictions:", f.Restrictions, f.RestrictionCount)
	add("also reaches", f.AlsoReaches, f.AlsoReachesCount)
	return list
}

// some lists the first of n names.
func some(names []string, n int) string {
	shown := names[:min(shownPermissions, len(names))]
	text := strings.Join(shown, ", ")
	if more := n - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// ends reports whether all that a fix gives ends when its memberships do. Rules don't end.
func ends(f openapi.Fix) bool {
	return !slices.ContainsFunc(f.Operations, func(o openapi.FixOperation) bool {
		return !strings.Contains(o.Path, "?until=") || strings.HasSuffix(o.Path, "?until=never")
	})
}

// fixTable lists the fixes of a request for programs.
func fixTable(r openapi.AccessRequest) table {
	t := table{header: []string{"fix", "kind", "does", "also_gives", "takes_away", "restrictions", "also_reaches", "ends", "allowed", "lacks"}}
	for i, f := range r.Fixes {
		t.add(strconv.Itoa(i+1), string(f.Kind), describe(r.User, f),
			strconv.Itoa(f.AlsoGivesCount), strconv.Itoa(f.AlsoTakesCount), strconv.Itoa(f.RestrictionCount), strconv.Itoa(f.AlsoReachesCount),
			strconv.FormatBool(ends(f)), strconv.FormatBool(f.Allowed), strings.Join(f.Lacks, ", "))
	}
	return t
}
