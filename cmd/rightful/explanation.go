package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
)

// writeExplanation writes an explanation for people.
func writeExplanation(to io.Writer, x openapi.Explanation) {
	if !x.Known {
		note(to, "%s\n", unknownUser(x.User))
	}
	for _, p := range x.Permissions {
		verb := "lacks"
		if p.Allowed {
			verb = "holds"
		}
		note(to, "  %s %s%s%s\n", verb, p.Permission, labeled(p), until(p.Until)+lost(p.Lost))
		writeOrigins(to, p)
	}
	if x.Allowed {
		note(to, "%s may do this.\n", x.User)
		return
	}
	heading := "Fixes, best first:"
	if len(x.BadRows) > 0 {
		writeBadRows(to, x.User, x.BadRows)
		heading = "Fixes once the bad rows are repaired, best first:"
	}
	if len(x.Fixes) == 0 && len(x.BadRows) == 0 {
		note(to, "There is no fix.\n")
	}
	if len(x.Fixes) > 0 {
		note(to, "\n%s\n", heading)
	}
	for i, fix := range x.Fixes {
		note(to, "%2d. %s\n    %s\n", i+1, describe(x.User, fix), strings.Join(effects(fix), "; "))
		for _, request := range fix.Operations {
			note(to, "    %s\n", operationText(request))
		}
	}
}

// writeBadRows names the rows that deny a user everything.
func writeBadRows(to io.Writer, user string, rows []openapi.BadRow) {
	for _, row := range rows {
		note(to, "Row %d is a bad row and denies %s everything: %s. See rightful repair %[1]d.\n", row.ID, user, row.Detail)
	}
}

// shownOrigins is how many of the rules that decide about a permission people see. -o json lists more.
const shownOrigins = 3

// writeOrigins writes the rules that decide about a permission, and how they reach the user.
func writeOrigins(to io.Writer, p openapi.ExplainedPermission) {
	origins := deciding(p)
	for _, o := range origins[:min(shownOrigins, len(origins))] {
		if !o.BadRow { // reported with its id
			note(to, "      %s%s\n", originText(o), viaPath(o))
		}
	}
	if more := len(origins) - shownOrigins; more > 0 {
		note(to, "      and %s\n", plural(more, "more rule"))
	}
}

// moment is how a time is shown, in the time zone of the machine.
const moment = "Monday, 2 January 2006 15:04 MST"

// until says when something ends.
func until(end time.Time) string {
	if end.IsZero() {
		return ""
	}
	return ", until " + end.Local().Format(moment)
}

// lost says by which change a permission was lost, nothing if that isn't known.
func lost(by *openapi.Loss) string {
	switch {
	case by == nil:
		return ""
	case by.Actor.Kind == openapi.ActorKindClock:
		return fmt.Sprintf(", ended on %s, revision %d", by.At.Local().Format(moment), by.Revision)
	}
	return fmt.Sprintf(", lost on %s, revision %d", by.At.Local().Format(moment), by.Revision)
}

func labeled(p openapi.ExplainedPermission) string {
	if p.Label == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", strings.Join(append(p.Category, p.Label), " > "))
}

// describe says what a fix does.
func describe(user string, f openapi.Fix) string {
	var steps []string
	if len(f.Groups) > 0 {
		steps = append(steps, fmt.Sprintf("put %s into %s", user, strings.Join(f.Groups, ", ")))
	}
	if len(f.Leaves) > 0 {
		steps = append(steps, fmt.Sprintf("take %s out of %s", user, strings.Join(f.Leaves, ", ")))
	}
	for _, rule := range f.Lifts {
		steps = append(steps, fmt.Sprintf("lift the restriction %s of %s", rule.Pattern, rule.Subject))
	}
	if f.Kind == openapi.FixKindGrant {
		steps = append(steps, fmt.Sprintf("grant %s to %s", strings.Join(f.Permissions, ", "), f.Subject))
	}
	return strings.Join(steps, ", ")
}

// effects says what else a fix does, and whether the caller may apply it.
func effects(f openapi.Fix) []string {
	var list []string
	add := func(n int, format string, args ...any) {
		if n > 0 {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	add(f.AlsoGivesCount, "also gives %s", plural(f.AlsoGivesCount, "permission"))
	add(f.AlsoTakesCount, "takes away %s", plural(f.AlsoTakesCount, "permission"))
	add(f.RestrictionCount, "brings restrictions: %s", strings.Join(f.Restrictions, ", "))
	add(f.AlsoReachesCount, "reaches %s", plural(f.AlsoReachesCount, "other user"))
	return append(list, mayApply(f))
}

// mayApply says whether the caller may apply a fix.
func mayApply(f openapi.Fix) string {
	if f.Allowed {
		return "you may apply it"
	}
	lacks := strings.Join(f.Lacks, ", ")
	if more := f.LacksCount - len(f.Lacks); more > 0 {
		lacks += fmt.Sprintf(" and %d more", more)
	}
	return "you may not apply it: you lack " + lacks
}
