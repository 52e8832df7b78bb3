package main

import (
	"strings"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
)

func (s usageSubject) print(out *output, f *usageFlags, name string, u shownUsage) error {
	var text strings.Builder
	if f.remove && u.Removal != nil {
		writeWritten(&text, *u.Removal, "without --dry-run, this would be done")
		return out.print(u, "%s", strings.TrimSuffix(text.String(), "\n"))
	}
	t := table{header: []string{"permission", "label", "last_used"}}
	for _, p := range u.Permissions {
		t.add(p.Permission, p.Label, p.LastUsed)
	}
	writePeriod(&text, u.Usage)
	if more := u.PermissionCount - len(u.Permissions); more > 0 {
		note(&text, "%d more are not shown.\n", more)
	}
	if f.unusedFor > 0 {
		s.writeUnused(&text, f, name, u)
	} else if len(u.Permissions) == 0 {
		note(&text, "%s %s no permission of which uses are recorded.\n", name, s.verb)
	}
	return out.printTable(u, t, "", text.String())
}

func (s usageSubject) writeUnused(text *strings.Builder, f *usageFlags, name string, u shownUsage) {
	note(text, "%s known to be unused for %s.\n", are(u.PermissionCount, "permission"), plural(int(f.unusedFor), "day"))
	if u.UnknownCount > 0 {
		note(text, "For %s this isn't known: uses were not recorded, or %s did not %s them, on all of these days.\n",
			plural(u.UnknownCount, "permission"), name, strings.TrimSuffix(s.verb, "s"))
	}
	if u.NewMemberCount > 0 {
		note(text, "%s of %s came during these days.\n", plural(u.NewMemberCount, "member"), name)
	}
	switch {
	case len(u.Operations) > 0:
		writeRemoval(text, u)
	case u.PermissionCount > 0:
		note(text, "Nothing can be taken away: what gives them is newer, also gives what was used, or belongs to administrators.\n")
	case f.remove:
		note(text, "Nothing changed.\n")
	}
}

// writeRemoval says how to take away what is unused, and what that would change.
func writeRemoval(text *strings.Builder, u shownUsage) {
	note(text, "\nThis takes away what is unused, and nothing that was used:\n")
	for _, o := range u.Operations {
		note(text, "    %s\n", operationText(o))
	}
	if u.Removal == nil {
		note(text, "You may not do this yourself.\n")
		return
	}
	writeWritten(text, *u.Removal, "with --remove, this would be done")
}

// writePeriod says in which days uses were recorded.
func writePeriod(text *strings.Builder, u openapi.Usage) {
	switch r := u.Recorded; {
	case r.Since == "":
		note(text, "No uses were recorded. The service records them if Options.Usage is on.\n")
	case r.Until < dayBefore(u.Today):
		note(text, "Uses were recorded from %s to %s (UTC), and are not recorded any more.\n", r.Since, r.Until)
	default:
		note(text, "Uses have been recorded since %s (UTC).\n", r.Since)
	}
}

func dayBefore(day string) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return "" // a service that says no day: nothing is before it
	}
	return at.AddDate(0, 0, -1).Format(time.DateOnly)
}
