package main

import (
	"strings"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
)

func (s usageSubject) print(out *output, f *usageFlags, name string, u shownUsage) error {
	var text strings.Builder
	if f.remove && u.Removal != nil {
		writeWritten(&text, *u.Removal, "Dry run: nothing changed.")
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
		note(&text, "%s %s no permissions whose use is recorded.\n", name, s.verb)
	}
	return out.printTable(u, t, "", text.String())
}

func (s usageSubject) writeUnused(text *strings.Builder, f *usageFlags, name string, u shownUsage) {
	note(text, "%s known to be unused for %s.\n", are(u.PermissionCount, "permission"), plural(int(f.unusedFor), "day"))
	if u.UnknownCount > 0 {
		note(text, "For %s this isn't known: on some of these days, uses were not recorded, or %s did not %s them.\n",
			plural(u.UnknownCount, "permission"), name, strings.TrimSuffix(s.verb, "s"))
	}
	if u.NewMemberCount > 0 {
		note(text, "%s of %s joined during these days.\n", plural(u.NewMemberCount, "member"), name)
	}
	switch {
	case len(u.Operations) > 0:
		writeRemoval(text, u)
	case u.PermissionCount > 0:
		note(text, "Nothing can be removed: the groups and grants that give them are newer, also give something that was used, or belong to administrators.\n")
	case f.remove:
		note(text, "Nothing changed.\n")
	}
}

// writeRemoval says how to take away what is unused, and what that would change.
func writeRemoval(text *strings.Builder, u shownUsage) {
	note(text, "\nThis removes unused permissions, and nothing that was used:\n")
	for _, o := range u.Operations {
		note(text, "    %s\n", operationText(o))
	}
	if u.Removal == nil {
		note(text, "You lack the rights to do this.\n")
		return
	}
	writeWritten(text, *u.Removal, "Nothing changed; --remove makes this change.")
}

// writePeriod says in which days uses were recorded.
func writePeriod(text *strings.Builder, u openapi.Usage) {
	switch r := u.Recorded; {
	case r.Since == "":
		note(text, "No uses were recorded. The service records them if Options.Usage is on.\n")
	case r.Until < dayBefore(u.Today):
		note(text, "Uses were recorded from %s to %s (UTC), and are no longer recorded.\n", r.Since, r.Until)
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
