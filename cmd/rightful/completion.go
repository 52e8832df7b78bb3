package main

import (
	"context"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

// completeTime bounds how long a completion may take: a shell that waits is worse than one that offers nothing.
const completeTime = time.Second

const (
	maxOffered = 100  // names of a completion
	maxRead    = 1000 // names read for it: some of them mean something to a shell and are not offered
)

// completer lists names that begin with a text.
type completer func(ctx context.Context, n namesOf, text string) ([]string, error)

// namesOf is where completions find names.
type namesOf interface {
	groups(ctx context.Context, text string) ([]string, error)
	users(ctx context.Context, text string) ([]string, error)
	permissions(ctx context.Context, text string) ([]string, error)
	requests(ctx context.Context) ([]string, error)    // the open ones
	ownRequests(ctx context.Context) ([]string, error) // those of the caller
}

func completeGroups(ctx context.Context, n namesOf, text string) ([]string, error) {
	return n.groups(ctx, text)
}

func completeUsers(ctx context.Context, n namesOf, text string) ([]string, error) {
	return n.users(ctx, text)
}

func completePermissions(ctx context.Context, n namesOf, text string) ([]string, error) {
	return n.permissions(ctx, text)
}

func completeNothing(context.Context, namesOf, string) ([]string, error) { return nil, nil }

// completing completes arguments, each by its completer, and further ones by the last. Nothing is offered, and no error
// shown, if the policy doesn't answer within a second.
func (s *source) completing(p process, each ...completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
		defer cancel()
		complete := each[min(len(args), len(each)-1)]
		names, closes, err := s.openNames(ctx, p)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer closes()
		list, err := complete(ctx, names, text)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offered(list, text), cobra.ShellCompDirectiveNoFileComp
	}
}

// offered returns those of a list that begin with the text and mean themselves to a shell. A shell may insert what several names
// have in common unquoted, and the scripts of completion evaluate the line that is being typed: a group named
// "a$(command)" would run the command. What follows a tab describes the name, and is left out if it has other characters.
func offered(list []string, text string) []string {
	var some []string
	for _, one := range list {
		name, description, _ := strings.Cut(one, "\t")
		if len(some) == maxOffered || !strings.HasPrefix(name, text) || !meansItself(name) {
			continue
		}
		if description != "" && !strings.ContainsFunc(description, func(r rune) bool { return isSpecial(r) && r != ' ' && r != ',' }) {
			name += "\t" + description
		}
		some = append(some, name)
	}
	return some
}

// meansItself reports whether every shell takes a name as it is, and the command doesn't take it as a flag. PowerShell splits
// words at commas. At the beginning, shells replace "=name", "%name" and "@name".
func meansItself(name string) bool {
	return name != "" && !strings.ContainsAny(name[:1], "-=%@+") && !strings.ContainsFunc(name, isSpecial)
}

// isSpecial reports whether a character may mean something to a shell within a word. It knows those that don't.
func isSpecial(r rune) bool {
	return !unicode.In(r, unicode.Letter, unicode.Nd, unicode.Mark) && !strings.ContainsRune("-_.:@/+=%", r)
}

// completeFlag completes the values of a flag.
func completeFlag(cmd *cobra.Command, name string, complete cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
		panic(err) // there is no such flag
	}
}

// openNames opens the policy for completions. A database is only read, not opened as an instance of the service.
func (s *source) openNames(ctx context.Context, p process) (namesOf, func(), error) {
	p.stderr = io.Discard
	if err := s.choose(p.getenv); err != nil {
		return nil, nil, err
	}
	if s.db.address == "" {
		policy, err := s.open(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		return policy, policy.close, nil
	}
	store, err := s.db.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	catalog, err := s.readCatalog()
	if err != nil {
		return nil, nil, err
	}
	names := &storedNames{store: store, catalog: catalog, seen: map[string]bool{}}
	if err := store.Load(ctx, names.addState, names.addRow); err != nil {
		_ = store.Close()
		return nil, nil, err
	}
	return names, func() { _ = store.Close() }, nil
}

func (p *policy) groups(ctx context.Context, text string) ([]string, error) {
	var list []string
	for g, err := range p.Groups(ctx, text) {
		if err != nil || len(list) == maxRead {
			return list, err
		}
		list = append(list, g.Name)
	}
	return list, nil
}

func (p *policy) users(ctx context.Context, text string) ([]string, error) {
	var list []string
	for u, err := range p.Users(ctx, text) {
		if err != nil || len(list) == maxRead {
			return list, err
		}
		list = append(list, u.ID)
	}
	return list, nil
}

func (p *policy) permissions(ctx context.Context, text string) ([]string, error) {
	var list []string
	for e, err := range p.Permissions(ctx, "", text) {
		if err != nil || len(list) == maxRead {
			return list, err
		}
		list = append(list, e.Permission)
	}
	return list, nil
}

// storedNames are the names that the tables of a policy have.
type storedNames struct {
	store                 authz.Store
	catalog               authz.Catalog
	seen                  map[string]bool
	groupList, userList   []string
	permissionsOfTheRules []string
}

func (n *storedNames) addState(state authz.State) error {
	for _, g := range state.Groups {
		n.groupList = append(n.groupList, string(g.Name))
	}
	return nil
}

func (n *storedNames) addRow(row authz.Row) error {
	if subject := row.V[0]; !strings.HasPrefix(subject, "group:") && !n.seen[subject] {
		n.seen[subject] = true
		n.userList = append(n.userList, subject)
	}
	if permission := row.V[1] + ":" + row.V[2]; row.Type == "p" && !strings.Contains(permission, "*") && !n.seen[permission] {
		n.seen[permission] = true
		n.permissionsOfTheRules = append(n.permissionsOfTheRules, permission)
	}
	return nil
}

func (n *storedNames) groups(context.Context, string) ([]string, error) { return n.groupList, nil }
func (n *storedNames) users(context.Context, string) ([]string, error)  { return n.userList, nil }

func (n *storedNames) permissions(context.Context, string) ([]string, error) {
	if len(n.catalog) == 0 {
		return n.permissionsOfTheRules, nil
	}
	var list []string
	for _, e := range n.catalog {
		list = append(list, string(e.Permission))
	}
	return list, nil
}

func (n *storedNames) requests(ctx context.Context) ([]string, error) {
	store, ok := n.store.(authz.RequestStore)
	if !ok {
		return nil, nil
	}
	list, err := store.Requests(ctx, authz.RequestQuery{State: authz.RequestOpen, At: time.Now(), Limit: maxRead})
	var found []string
	for _, r := range list {
		one := openapi.AccessRequest{ID: string(r.ID), User: string(r.User), OneIsEnough: r.OneIsEnough}
		for _, permission := range r.Permissions {
			one.Permissions = append(one.Permissions, string(permission))
		}
		found = append(found, offeredRequest(one))
	}
	return found, err
}

// ownRequests are none: a database has no signed-in user.
func (n *storedNames) ownRequests(context.Context) ([]string, error) { return nil, nil }
