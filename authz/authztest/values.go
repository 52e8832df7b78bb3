package authztest

import (
	"errors"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

func longestValues(f *fixture) {
	long := func(n int) string { return strings.Repeat("𐐷", n) } // Deseret, four bytes, NFC
	user, object := long(100), long(99)+"x"
	name := authz.GroupName(long(64))
	added := []authz.Row{
		row("p", user, object, long(100), "allow"),
		row("p", string(name.Subject()), object, long(100), "deny"),
		row("g", user, string(name.Subject())),
	}
	g := group(name, 1)
	g.Description = long(1000)
	g.UpdatedBy.ID = user
	r := record(1)
	r.Actor.ID, r.Target, r.Reason = user, user, long(500)
	f.commit(authz.Commit{
		Record: r, AddRows: added, PutGroups: []authz.GroupRow{g}, Users: []authz.UserID{authz.UserID(user)},
	})

	f.hasRows(added...)
	got := f.everything()
	got.rows = nil
	f.same("after the commit", got, contents{
		state:   authz.State{Position: f.onto(2), Groups: []authz.GroupRow{g}},
		records: []authz.Record{r},
	})
	if v := f.userVersion(authz.UserID(user)); v != version(1) {
		f.Errorf("the user has version %v", v)
	}
	f.commit(authz.Commit{
		Renames:    []authz.Rename{{From: name, To: "Desk"}},
		RemoveRows: []authz.Row{added[0], row("g", user, "group:Desk")},
	})
	f.hasRows(row("p", "group:Desk", object, long(100), "deny"))
}

func badRows(f *fixture) {
	want := []authz.Row{
		{},
		row("p"),
		row("p", "", "", "", "allow"),
		row("", "ana", "orders", "view", "allow"),
		row("x", "1", "2", "3", "4", "5", "6"),
		row("p", " ana ", "orders\t", "view\n", "allow"),
		row("p", "ana", "a,b", `say "x"`, "maybe"),
		row("g", "\u001f\u001f", "\u001f", "", "", "", "\u001f"), // characters that a store might use as separators
		row("g", "ana", "group:Nobody's", "", "", "stray"),
		row("g", "zoe\u0308", "group:\u200b"),
	}
	for i, r := range want {
		columns := []*string{&r.Type}
		for j := range r.V {
			columns = append(columns, &r.V[j])
		}
		if i%2 == 0 { // empty values are NULL in every other row
			for j, c := range columns {
				if *c == "" {
					columns[j] = nil
				}
			}
		}
		want[i].ID = f.insert(columns...)
	}
	f.same("bad rows", f.load(), contents{rows: want})

	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ben", "group:Desk")}})
	for i := range want {
		want[i].ID = 0
	}
	f.commit(authz.Commit{RemoveRows: want})
	f.hasRows(row("g", "ben", "group:Desk"))
}

// tooLong commits values longer than the columns of gorm-adapter's table. A store may keep them, but must not
// truncate them: what remains can be another user's name.
func tooLong(f *fixture) {
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Desk")}})
	for _, long := range []authz.Row{
		row("g", strings.Repeat("a", 101), "group:Desk"),
		row("g", strings.Repeat("𐐷", 101), "group:Desk"),
		row("p", "ana", "orders", strings.Repeat("é", 200), "allow"),
	} {
		was := f.everything()
		err := f.store.Commit(f.Context(), f.next(authz.Commit{AddRows: []authz.Row{long}}))
		if err != nil {
			f.same("after the refused commit", f.everything(), was)
			continue
		}
		f.hasRows(row("g", "ana", "group:Desk"), long)
		f.commit(authz.Commit{RemoveRows: []authz.Row{long}})
	}
	f.commit(authz.Commit{RemoveRows: []authz.Row{row("g", "ana", "group:Desk")}})
	f.hasRows()
}

// oddTexts asks and writes with texts that no name may have. A store may find nothing, keep them, or refuse them,
// but must not make that look as if it couldn't be reached.
func oddTexts(f *fixture) {
	ctx := f.Context()
	for _, text := range []string{"\x00", "a\x00b", "\xff", "a\xc3", "\xed\xa0\x80", strings.Repeat("𐐷", 5000)} {
		calls := map[string]func() error{
			"UserVersion": func() error { _, err := f.store.UserVersion(ctx, authz.UserID(text)); return err },
			"Before": func() error {
				_, err := f.store.Before(ctx, authz.RecordQuery{Keys: [][]string{{text}}, Limit: 1})
				return err
			},
			"Commit of a reason": func() error {
				r := record(f.revision() + 1)
				r.Reason = text
				return f.store.Commit(ctx, f.next(authz.Commit{Record: r}))
			},
			"Commit of a row": func() error {
				return f.store.Commit(ctx, f.next(authz.Commit{AddRows: []authz.Row{row("g", text, "group:Desk")}}))
			},
			"Commit of an end": func() error {
				return f.store.Commit(ctx, f.next(authz.Commit{Ends: []authz.MembershipEnd{end(authz.UserID(text), authz.GroupName(text), 1)}}))
			},
			"Commit of a user": func() error {
				return f.store.Commit(ctx, f.next(authz.Commit{Users: []authz.UserID{authz.UserID(text)}}))
			},
		}
		if s, ok := f.store.(authz.DenialStore); ok {
			calls["Denial"] = func() error { _, err := s.Denial(ctx, authz.DenialID(text)); return err }
			calls["Denials"] = func() error {
				_, err := s.Denials(ctx, authz.DenialQuery{User: authz.UserID(text), Limit: 1})
				return err
			}
		}
		if s, ok := f.store.(authz.UsageStore); ok {
			calls["Uses"] = func() error {
				return s.Uses(ctx, []authz.UserID{authz.UserID(text)}, func(authz.Use) error { return nil })
			}
		}
		for name, call := range calls {
			err := call()
			if err != nil && !errors.Is(err, authz.ErrValueRefused) && !errors.Is(err, authz.ErrNoSuchDenial) {
				f.Errorf("%s with %.20q: %v", name, text, err)
			}
		}
	}
}
