package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// adopted is the result of adopt, and without a revision that of a check or a dry run.
type adopted struct {
	changed
	Fits bool `json:"fits"`
	authz.AdoptionReport
}

// samples is how many rows or decisions of a kind the report for people shows. -o json lists all.
const samples = 5

func printCheck(out *output, r authz.AdoptionReport, f *adoptFlags) error {
	var text strings.Builder
	writeRows(&text, r)
	writeComparison(&text, r.Comparison)
	writeNext(&text, r, f)
	if err := out.print(adopted{Fits: r.Fits(), AdoptionReport: r}, "%s", strings.TrimSuffix(text.String(), "\n")); err != nil {
		return err
	}
	if r.Fits() {
		return nil
	}
	return noError{}
}

func printDryRun(out *output, r authz.AdoptionReport, refused bool) error {
	var text strings.Builder
	writeRows(&text, r)
	if !refused {
		note(&text, "\nDry run: nothing changed. %s would be adopted.", plural(len(r.Rows), "row"))
		return out.print(adopted{Fits: r.Fits(), AdoptionReport: r}, "%s", &text)
	}
	if r.Comparison.Domains {
		note(&text, "\nThe old model has domains, which Rightful doesn't have.\n")
	}
	note(&text, "\nNothing changed: the table can't be adopted as it is.")
	if r.Acceptable() {
		note(&text, " Correct the table, or add --accept-bad; --check shows the effects.")
	}
	if err := out.print(adopted{AdoptionReport: r}, "%s", &text); err != nil {
		return err
	}
	return noError{}
}

func printAdopted(out *output, engine *authz.Engine, c authz.Change, r authz.AdoptionReport, f *adoptFlags) error {
	bad := len(engine.View().BadRows())
	result := adopted{changed: changed{true, c.Revision}, Fits: bad == 0 && r.Fits(), AdoptionReport: r}
	if c.Actor.ID != f.how.Command {
		return out.print(changed{}, "Nothing changed: %s %s has adopted the table in the meantime.", c.Actor.Kind, c.Actor.ID)
	}
	var text strings.Builder
	note(&text, "Adopted %s in revision %d. The policy has %s, including Administrators, and %s.\n", plural(len(r.Rows), "row"), c.Revision, plural(len(r.Groups), "group"), plural(r.Users, "user"))
	if f.copyTo != "" {
		note(&text, "It is in new tables with the prefix %s; the old table is unchanged.\n", f.copyTo)
	}
	if bad > 0 {
		note(&text, "%s bad; %s says what is wrong.\n", are(bad, "row"), f.onAdopted("rightful repair"))
	}
	if members, _ := engine.View().Group(authz.Administrators); members.MemberCount == 0 {
		note(&text, "Nobody is an administrator yet: appoint one with %s USER.\n", f.onAdopted("rightful bootstrap"))
	}
	return out.print(result, "%s", strings.TrimSuffix(text.String(), "\n"))
}

// onAdopted returns a command as it is given for the adopted tables.
func (f *adoptFlags) onAdopted(command string) string {
	if prefix := cmp.Or(f.copyTo, f.db.prefix); prefix != "" {
		return command + " --prefix " + prefix
	}
	return command
}

func commaSeparated(list []authz.Subject) string {
	texts := make([]string, len(list))
	for i, subject := range list {
		texts[i] = string(subject)
	}
	return strings.Join(texts, ", ")
}

func are(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return plural(n, noun) + " are"
}

// outcomes are what can become of rows, in the order of the report, worst last.
var outcomes = []struct {
	outcome authz.RowOutcome
	text    string
	most    int
}{
	{authz.RowKept, "kept as they are", 0},
	{authz.RowRewritten, "rewritten, such as", 2},
	{authz.RowMerged, "removed, because another rule says the same", 2},
	{authz.RowBad, "bad: they would grant nothing, and deny what is listed", 4 * samples},
	{authz.RowRefused, "refused: the table can't be adopted with them", 4 * samples},
}

func writeRows(text *strings.Builder, r authz.AdoptionReport) {
	note(text, "The table has %s:\n", plural(len(r.Rows), "row"))
	for _, o := range outcomes {
		if n := r.Count[o.outcome]; n > 0 {
			note(text, "%8d  %s\n", n, o.text)
			writeSamples(text, r.Rows, o.outcome, min(o.most, n))
		}
	}
	note(text, "The policy will have %s, including Administrators, and %s.\n", plural(len(r.Groups), "group"), plural(r.Users, "user"))
}

func writeSamples(text *strings.Builder, rows []authz.AdoptedRow, outcome authz.RowOutcome, most int) {
	left := 0
	for _, row := range rows {
		if row.Outcome != outcome {
			continue
		}
		if most--; most < 0 {
			left++
			continue
		}
		note(text, "          row %d: %s\n", row.ID, strings.Join(row.Values, ", "))
		switch {
		case outcome == authz.RowRewritten:
			note(text, "              becomes %s\n", strings.Join(row.Becomes, ", "))
		case len(row.Denies) > 0:
			note(text, "              %s; it denies %s everything\n", row.Detail, commaSeparated(row.Denies))
		default:
			note(text, "              %s\n", row.Detail)
		}
	}
	if left > 0 && outcome != authz.RowKept && outcome != authz.RowRewritten {
		note(text, "          and %d more; -o json lists all\n", left)
	}
}

func writeComparison(text *strings.Builder, c authz.Comparison) {
	model := c.Model
	if c.Given {
		model = "your model"
	}
	switch {
	case c.Failed != "":
		note(text, "\nThe decisions can't be compared with %s: %s\n", model, c.Failed)
	case c.Possible == math.MaxInt64:
		note(text, "\nCompared with %s: %d decisions, a sample of more than can be counted.\n", model, c.Asked)
	case int64(c.Asked) < c.Possible:
		note(text, "\nCompared with %s: %d decisions, a sample of the %d that are possible with the names in the table.\n", model, c.Asked, c.Possible)
	default:
		note(text, "\nCompared with %s: all %d decisions that are possible with the names in the table.\n", model, c.Asked)
	}
	if c.UnreadCount > 0 {
		note(text, "Plain Casbin doesn't load %s with that model, so the old decisions ignore them. The first:\n", plural(c.UnreadCount, "row"))
		for _, row := range c.Unread[:min(samples, len(c.Unread))] {
			note(text, "          row %d: %s\n", row.ID, row.Detail)
		}
	}
	switch {
	case c.DifferenceCount > 0:
		note(text, "%s: %d would be allowed that are denied now, and %d denied that are allowed now.\n",
			differing(c.DifferenceCount), c.GainCount, c.DifferenceCount-c.GainCount)
	case c.Failed == "":
		note(text, "No decision differs.\n")
	}
	for _, advice := range c.Advice {
		writeAdvice(text, c, advice)
	}
}

func differing(n int) string {
	if n == 1 {
		return "1 decision differs"
	}
	return fmt.Sprintf("%d decisions differ", n)
}

// writeAdvice writes what to do about the differences of one cause, and some of them.
func writeAdvice(text *strings.Builder, c authz.Comparison, a authz.Advice) {
	if a.Count == 0 {
		note(text, "\nNote: %s\n", a.Text)
		return
	}
	note(text, "\n%s (%s), such as:\n", differing(a.Count), a.Cause)
	most := samples
	for _, d := range c.Differences {
		if d.Cause != a.Cause {
			continue
		}
		if most--; most < 0 {
			break
		}
		who := ""
		if d.Group != "" {
			who = fmt.Sprintf(" (members of the group %s)", d.Group)
		}
		if d.After {
			note(text, "  would be allowed: %s%s\n", strings.Join(d.Values, ", "), who)
		} else {
			note(text, "  would be denied:  %s%s\n", strings.Join(d.Values, ", "), who)
		}
	}
	note(text, "%s\n", a.Text)
}

// onlyPatterns reports whether decisions differ only because the old matcher has patterns, and nobody would be allowed more.
func onlyPatterns(c authz.Comparison) bool {
	return c.GainCount == 0 && c.Failed == "" && c.UnreadCount == 0 &&
		!slices.ContainsFunc(c.Advice, func(a authz.Advice) bool { return a.Count > 0 && a.Cause != authz.CausePattern })
}

// writeNext says what to do next.
func writeNext(text *strings.Builder, r authz.AdoptionReport, f *adoptFlags) {
	switch {
	case !r.Acceptable():
		note(text, "\nNext: correct the refused rows, and check again.\n")
	case r.Fits():
		note(text, "\nNext: adopt the table. rightful adopt rewrites it; rightful adopt --copy PREFIX keeps it, so that you can go back.\n")
	case !f.how.AcceptBad && (r.Count[authz.RowBad] > 0 || r.Comparison.Domains):
		note(text, "\nNext: correct the bad rows and check again, or accept them with --accept-bad. --copy PREFIX keeps the old table, so that you can go back.\n")
	case onlyPatterns(r.Comparison):
		note(text, "\nNext: if the application will check its routes, these differences don't matter, and remain. rightful adopt --copy PREFIX "+
			"keeps the old table, so that both can decide for a while, and you can go back.\n")
	default:
		note(text, "\nNext: decide about each difference, and check again. --copy PREFIX keeps the old table, so that you can go back.\n")
	}
}
