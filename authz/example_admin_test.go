package authz_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// As acts for a signed-in user, who needs the rights for the operation.
func ExampleEngine_As() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	_, err := engine.As("ben").Assign(ctx, "Finance", "cleo")
	fmt.Println(errors.Is(err, authz.ErrForbidden), err)
	_, err = engine.As("ana").Assign(ctx, "Finance", "cleo")
	fmt.Println(err, engine.View().User("cleo").Groups)
	// Output:
	// true forbidden: this needs rightful.groups:view, rightful.users:view, rightful.users:update
	// <nil> [Finance]
}

// AsCommand acts for an operator, who can appoint an administrator when there is none left.
func ExampleEngine_AsCommand() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	c, err := engine.AsCommand("root").Because("ana is on leave").Bootstrap(ctx, "dora")
	fmt.Println(c.Actor, c.Delta.Added[0].Group, err)
	// Output:
	// {command root} Administrators <nil>
}

// A batch makes one change of several operations.
func ExampleAdmin_Batch() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	change, err := engine.As("ana").Because("The night desk opens").Batch(ctx,
		authz.Operation{Action: authz.ActionGroupCreate, Group: "Night desk", Inherits: []authz.GroupName{"Finance"}},
		authz.Operation{Action: authz.ActionGroupMembersChange, Group: "Night desk", Add: []authz.UserID{"cleo"}},
	)
	fmt.Println(change.Action, len(change.Delta.Added), "rules added,", err)
	_, err = engine.As("ana").Batch(ctx,
		authz.Operation{Action: authz.ActionGroupMembersChange, Group: "Finance", Add: []authz.UserID{"cleo"}},
		authz.Operation{Action: authz.ActionGroupDelete, Group: "Day desk"},
	)
	fmt.Println(err, engine.View().User("cleo").Groups)
	// Output:
	// batch 2 rules added, <nil>
	// operation 2 of the batch: no such group [Night desk]
}

// A group is created with its rules in one change.
func ExampleAdmin_CreateGroup() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	_, err := engine.As("ana").CreateGroup(ctx, authz.GroupSpec{
		Name:        "Auditors",
		Description: "May read all reports",
		Permissions: authz.Rules{Grants: []authz.Pattern{"finance.reports:*"}},
		Inherits:    []authz.GroupName{"Finance"},
	})
	fmt.Println(err)
	g, _ := engine.View().Group("Auditors")
	fmt.Println(g.Inherits, g.Permissions.Grants)
	// Output:
	// <nil>
	// [Finance] [finance.reports:*]
}

// Grants are patterns. Revoking removes a grant by its exact pattern.
func ExampleAdmin_Grant() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())
	ana := engine.As("ana")

	if _, err := ana.Grant(ctx, "Finance", "finance.reports:*"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(engine.Can("ben", "finance.reports:export"))
	if _, err := ana.Revoke(ctx, "Finance", "finance.reports:*"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(engine.Can("ben", "finance.reports:export"))
	// Output:
	// true
	// false
}

// A restriction overrides every grant until it is lifted.
func ExampleAdmin_Restrict() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())
	ana := engine.As("ana")
	if _, err := ana.Grant(ctx, "Finance", "finance.*:*"); err != nil {
		fmt.Println(err)
	}

	if _, err := ana.Restrict(ctx, "Finance", "finance.reports:export"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(engine.Can("ben", "finance.reports:export"))
	if _, err := ana.Lift(ctx, "Finance", "finance.reports:export"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(engine.Can("ben", "finance.reports:export"))
	// Output:
	// false
	// true
}

// Members of a group hold its permissions until they are taken out.
func ExampleAdmin_Assign() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())
	ana := engine.As("ana")

	if _, err := ana.Assign(ctx, "Finance", "cleo", "dora"); err != nil {
		fmt.Println(err)
	}
	if _, err := ana.Unassign(ctx, "Finance", "cleo"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(engine.View().Users(authz.UserQuery{Group: "Finance"}))
	// Output:
	// [ben dora]
}

// Authorize checks beforehand whether an actor may try an operation, to hide what they can't do.
func ExampleAdmin_Authorize() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	deleteGroup := authz.Operation{Action: authz.ActionGroupDelete, Group: "Finance"}
	fmt.Println(engine.As("ana").Authorize(ctx, deleteGroup))
	fmt.Println(engine.As("ben").Authorize(ctx, deleteGroup))
	// Output:
	// <nil>
	// forbidden: this needs rightful.groups:view, rightful.groups:delete
}

// The audit log lists who changed what.
func ExampleEngine_Changes() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	changes, err := engine.Changes(ctx, authz.ChangeQuery{Actor: "ana"})
	for _, c := range changes {
		fmt.Println(c.Revision, c.Action, c.Target)
	}
	fmt.Println(err)
	// Output:
	// 4 group.members.change Finance
	// 3 group.create Finance
	// <nil>
}

// An audit compares the records with the tables, and with a head that was kept elsewhere.
func ExampleAuditRecords() {
	ctx := context.Background()
	store := memstore.New()
	engine, err := authz.Open(ctx, store, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	kept := engine.Status().Head
	if err := engine.Close(context.Background()); err != nil {
		fmt.Println(err)
	}

	found, err := authz.AuditRecords(ctx, store, authz.AuditOptions{Heads: []authz.Head{kept}})
	fmt.Println(found.Records, found.From, err)
	_, err = authz.AuditRecords(ctx, store, authz.AuditOptions{Heads: []authz.Head{{Revision: 3, Hash: kept.Hash}}})
	fmt.Println(errors.Is(err, authz.ErrRecordsDoNotFit), err)
	// Output:
	// 2 1 <nil>
	// true revision 3: the record is missing: a head of revision 3 is kept elsewhere
}

// A preview makes every check and shows the effect of a change on users.
func ExampleAdmin_DryRun_impact() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	change, err := engine.As("ana").DryRun().Grant(ctx, "Finance", "finance.reports:export")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(change.Impact.Gains)
	fmt.Println(engine.Can("ben", "finance.reports:export"))
	// Output:
	// [{ben [finance.reports:export]}]
	// false
}

// Fixes list the changes that would allow a denied request, their other effects, and whether the
// user who asks may make them.
func ExampleAdmin_Fixes() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())
	ana := engine.As("ana")
	if _, err := ana.Grant(ctx, "Finance", "finance.*:*"); err != nil {
		fmt.Println(err)
	}

	fixes, err := ana.Fixes(ctx, engine.View(), "cleo", "finance.reports:export")
	if err != nil {
		fmt.Println(err)
	}
	for _, fix := range fixes.List {
		fmt.Println(fix.Kind, fix.Groups, fix.Permissions, "gives", len(fix.AlsoGives), "more; allowed:", fix.Allowed)
	}
	if _, err := ana.Assign(ctx, fixes.List[0].Groups[0], "cleo"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(engine.Can("cleo", "finance.reports:export"))
	// Output:
	// assign [Finance] [] gives 1 more; allowed: true
	// grant [] [finance.reports:export] gives 0 more; allowed: true
	// assign [Administrators] [] gives 13 more; allowed: true
	// true
}

// The reason is recorded with the change.
func ExampleAdmin_Because() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	c, err := engine.As("ana").Because("ticket 12").Assign(ctx, "Finance", "cleo")
	if err != nil {
		fmt.Println(err)
	}
	stored, err := engine.Change(ctx, c.Revision)
	fmt.Println(stored.Actor.ID, stored.Action, stored.Target, stored.Reason, err)
	// Output:
	// ana group.members.change Finance ticket 12 <nil>
}

// Of two concurrent saves the second gets a conflict, and nothing of the first is lost.
func ExampleAdmin_IfVersion() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	seen, _ := engine.View().Group("Finance")
	if _, err := engine.As("ana").IfVersion(seen.Version).Grant(ctx, "Finance", "finance.reports:export"); err != nil {
		fmt.Println(err)
	}
	_, err := engine.As("ana").IfVersion(seen.Version).SetGroupPermissions(ctx, "Finance", authz.Rules{})
	var conflict *authz.Error
	now, _ := engine.View().Group("Finance")
	fmt.Println(errors.As(err, &conflict), conflict.Version == now.Version, now.Permissions.Grants)
	// Output:
	// true true [finance.reports:export]
}

// A dry run makes every check and returns the change that would be made.
func ExampleAdmin_DryRun() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	c, err := engine.As("ana").DryRun().Grant(ctx, "Finance", "finance.reports:export")
	fmt.Println(c.Delta.Added, err)
	_, err = engine.As("ana").DryRun().Grant(ctx, "Finance", "finance.report:export")
	fmt.Println(err)
	fmt.Println(engine.Can("ben", "finance.reports:export"))
	// Output:
	// [{grant group:Finance finance.reports:export }] <nil>
	// /grant/0 "finance.report:export" is not in the catalog; did you mean "finance.reports:export"?
	// false
}

// A change can be reverted later, whatever else has changed since; the revert is a change of its
// own. Later changes that build on it prevent the revert, and are named.
func ExampleAdmin_Revert() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())
	ana := engine.As("ana")

	given, err := ana.Grant(ctx, "Finance", "finance.reports:export")
	if err != nil {
		fmt.Println(err)
	}
	if _, err := ana.Assign(ctx, "Finance", "cleo"); err != nil {
		fmt.Println(err)
	}
	reverted, err := ana.Because("the wrong group").Revert(ctx, given.Revision)
	fmt.Println(reverted.Action, reverted.Delta.Removed, err)
	fmt.Println(engine.Can("cleo", "finance.reports:export"))

	gone, err := ana.DeleteGroup(ctx, "Finance", true)
	if err != nil {
		fmt.Println(err)
	}
	if _, err := ana.CreateGroup(ctx, authz.GroupSpec{Name: "Finance"}); err != nil {
		fmt.Println(err)
	}
	_, err = ana.Revert(ctx, gone.Revision)
	var cannot *authz.Error
	if errors.As(err, &cannot) {
		fmt.Println(cannot.Faults[0].Detail)
	}
	// Output:
	// change.revert [{grant group:Finance finance.reports:export }] <nil>
	// false
	// the name of the deleted group "Finance" is taken by the group "Finance"
}

// A policy file is imported as a whole or not at all, and every line with an error is named.
func ExampleAdmin_Import() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())
	importText := func(text string) {
		file, err := policycsv.ReadPolicy(strings.NewReader(text))
		if err != nil {
			fmt.Println(err)
			return
		}
		c, err := engine.As("ana").Import(ctx, file, authz.ImportMerge)
		var rejected *authz.Error
		if errors.As(err, &rejected) {
			for _, l := range rejected.Faults {
				fmt.Printf("line %d %s\n", l.Line, l.Detail)
			}
			return
		}
		fmt.Println(len(c.Delta.Added), "added", err)
	}

	importText("p, group:Reports, finance.reports, export\ng, cleo, Reports\np, group:Reports, finance, shred\n")
	importText("p, group:Reports, finance.reports, export\ng, cleo, group:Reports\n")
	fmt.Println(engine.Can("cleo", "finance.reports:export"))
	// Output:
	// line 2 has "Reports" where a group is expected; write "group:Reports"
	// line 3 "finance:shred" is not in the catalog
	// 2 added <nil>
	// true
}
