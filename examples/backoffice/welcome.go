package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// shownUsers is how many users are listed at the start.
const shownUsers = 20

// welcome prints the addresses, the users and commands to try.
func (a *app) welcome(ctx context.Context, out io.Writer, base string) error {
	ids, count, err := a.users.list(ctx, shownUsers)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nConsole:      %s/console/%s\n", base, a.signInAs(ids))
	fmt.Fprintf(&b, "Back office:  %s\n", base)
	fmt.Fprintf(&b, "REST:         %s/api/v1/openapi.json\n\n", base)
	fmt.Fprintf(&b, "Users:        %s\n", listed(ids, count))
	fmt.Fprintf(&b, "Password:     %s  (for all users)\n\n", a.password)
	if lines := a.toTry(ids, base); len(lines) > 0 {
		fmt.Fprintf(&b, "Try this in another terminal:\n\n  %s\n\n", strings.Join(lines, "\n  "))
	}
	_, err = io.WriteString(out, b.String())
	return err
}

// signInAs says who can use the console, if one of the users is an administrator.
func (a *app) signInAs(ids []authz.UserID) string {
	if i := a.administrator(ids); i >= 0 {
		return fmt.Sprintf("  (sign in as %s)", ids[i])
	}
	return ""
}

func (a *app) administrator(ids []authz.UserID) int {
	view := a.engine.View()
	return slices.IndexFunc(ids, func(id authz.UserID) bool { return slices.Contains(view.User(id).Groups, authz.Administrators) })
}

func listed(ids []authz.UserID, count int64) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	text := strings.Join(names, ", ")
	if more := count - int64(len(ids)); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// toTry returns the commands of the central story: a user gets a 403 that explains itself, and an
// administrator adds the user to a group. With another seed, the last command only lists the groups.
func (a *app) toTry(ids []authz.UserID, base string) []string {
	view := a.engine.View()
	refused := slices.IndexFunc(ids, func(id authz.UserID) bool { return !view.Can(id, neededToDecide(requestTypes[0])...) })
	admin := a.administrator(ids)
	if refused < 0 || admin < 0 {
		return nil
	}
	const desk authz.GroupName = "Requests desk"
	last := fmt.Sprintf(`curl -H "Authorization: Bearer $admin" %s/api/v1/groups`, base)
	if _, ok := view.Group(desk); ok {
		last = fmt.Sprintf(`curl -s -X PUT -H "Authorization: Bearer $admin" %s`,
			quoted(base+"/api/v1/groups/"+url.PathEscape(string(desk))+"/members/"+url.PathEscape(string(ids[refused]))))
	}
	return []string{
		a.signIn("user", ids[refused], base),
		a.signIn("admin", ids[admin], base),
		fmt.Sprintf(`curl -s -X POST -H "Authorization: Bearer $user" %s/requests/1/approve`, base),
		last,
	}
}

// signIn returns a shell command that stores the token in a variable.
func (a *app) signIn(variable string, id authz.UserID, base string) string {
	return fmt.Sprintf(`%s=$(curl -s %s/login --data-urlencode %s --data-urlencode %s | cut -d'"' -f4)`,
		variable, base, quoted("user="+string(id)), quoted("password="+a.password))
}

var needsNoQuotes = regexp.MustCompile(`^[A-Za-z0-9_.,:=/%-]+$`)

// quoted quotes a word for a shell, since a seed may have any names.
func quoted(s string) string {
	if needsNoQuotes.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
