package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

// remoteFlags are those of commands that ask a running service instead of a database.
func (c *call) remoteFlags() {
	c.flags.StringVar(&c.url, "url", "", "where the administrators' interface is, such as `https://desk.example/api/v1`; $RIGHTFUL_URL when left out")
}

// service returns a client of the running service. The token comes from the environment alone,
// where no list of processes shows it.
func (c *call) service() (*client.Client, error) {
	token := c.getenv("RIGHTFUL_TOKEN")
	return client.New(c.url, client.Options{Token: func(context.Context) (string, error) { return token, nil }})
}

// why says what would have let someone through whom the application refused, or lets them do what
// is asked.
func why(ctx context.Context, c *call) error {
	args := c.flags.Args()
	if len(args) == 0 {
		return misuse{errors.New("takes the id of a denial, or a user and permissions, behind the flags")}
	}
	service, err := c.service()
	if err != nil {
		return misuse{err}
	}
	user, permissions := args[0], args[1:]
	if len(args) == 1 {
		denial, err := service.Denial(ctx, args[0])
		if err != nil {
			return err
		}
		if c.output == "text" {
			tell(c.out, "%s was refused %s %s at %s.\n", denial.User, denial.Method, denial.Route, denial.At.Format("2006-01-02 15:04:05 UTC"))
		}
		user, permissions = denial.User, denial.Required
	}
	explained, err := service.User(user).Explain(ctx, 0, permissions...)
	if err != nil {
		return err
	}
	if c.output == "json" {
		return c.say(explained, "")
	}
	c.tellWhy(explained)
	return nil
}

// tellWhy writes an explanation for people.
func (c *call) tellWhy(x openapi.Explanation) {
	for _, p := range x.Permissions {
		held := "lacks"
		if p.Allowed {
			held = "holds"
		}
		tell(c.out, "  %s %s%s\n", held, p.Permission, labeled(p))
	}
	if x.Allowed {
		tell(c.out, "%s holds all of it.\n", x.User)
		return
	}
	if len(x.Fixes) == 0 {
		tell(c.out, "Nothing that can be granted would help.\n")
		return
	}
	tell(c.out, "\nWhat would help, the best first:\n")
	for i, f := range x.Fixes {
		tell(c.out, "%2d. %s\n", i+1, describe(x.User, f))
		tell(c.out, "    %s\n", strings.Join(consequences(f), "; "))
		for _, request := range f.Operations {
			tell(c.out, "    %s %s\n", request.Method, request.Path)
		}
	}
}

func labeled(p openapi.ExplainedPermission) string {
	if p.Label == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", strings.Join(append(p.Category, p.Label), " > "))
}

// describe says what a fix does.
func describe(user string, f openapi.Fix) string {
	var parts []string
	note := func(there bool, format string, args ...any) {
		if there {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	note(len(f.Groups) > 0, "put %s into %s", user, strings.Join(f.Groups, ", "))
	note(len(f.Leaves) > 0, "take %s out of %s", user, strings.Join(f.Leaves, ", "))
	for _, rule := range f.Lifts {
		note(true, "lift the restriction %s of %s", rule.Pattern, rule.Subject)
	}
	note(f.Kind == openapi.FixKindGrant, "grant %s to %s", strings.Join(f.Permissions, ", "), f.Subject)
	return strings.Join(parts, ", ")
}

// consequences says what else a fix does, and whether the caller may carry it out.
func consequences(f openapi.Fix) []string {
	list := []string{fmt.Sprintf("gives %d permissions besides", f.AlsoGivesCount)}
	if f.AlsoTakesCount > 0 {
		list = append(list, fmt.Sprintf("takes %d", f.AlsoTakesCount))
	}
	if f.RestrictionCount > 0 {
		list = append(list, "brings restrictions: "+strings.Join(f.Restrictions, ", "))
	}
	if f.AlsoReachesCount > 0 {
		list = append(list, fmt.Sprintf("reaches %d others", f.AlsoReachesCount))
	}
	if !f.Allowed {
		return append(list, "you may not: it takes "+strings.Join(f.Lacks, ", "))
	}
	return append(list, "you may")
}
