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

// An engine opened on a fresh store starts from a seed, once.
func ExampleOpen() {
	ctx := context.Background()
	policy, err := policycsv.ReadPolicy(strings.NewReader(`
p, group:Requests desk, requests.*, view
p, group:Requests desk, requests.deposit, update
g, ben, group:Requests desk
g, ana, group:Administrators
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := authz.Open(ctx, memstore.New(), authz.Options{
		Seed: &authz.Seed{
			Catalog: authz.Catalog{
				{Permission: "requests.deposit:view", Label: "View deposits", Category: []string{"Requests"}},
				{Permission: "requests.deposit:update", Label: "Decide deposits", Category: []string{"Requests"}},
				{Permission: "finance.operations:create", Label: "Book operations", Category: []string{"Finance"}},
			},
			Policy: policy,
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close()
	fmt.Println(engine.Can("ben", "requests.deposit:update"))
	fmt.Println(engine.Can("ben", "requests.deposit:update", "finance.operations:create"))
	fmt.Println(engine.Can("ana", "whatever.comes:tomorrow"))
	// Output:
	// true
	// false
	// true
}

// All of the permissions must be held; nothing asked is nothing allowed.
func ExampleEngine_Can() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()
	if _, err := engine.As("ana").Grant(ctx, "Finance", "finance.*:*"); err != nil {
		fmt.Println(err)
	}

	fmt.Println(engine.Can("ben", "finance.reports:export"))
	fmt.Println(engine.Can("ben", "finance.reports:export", "finance.operations:create"))
	fmt.Println(engine.Can("ben", "finance.reports:export", "system.settings:view"))
	fmt.Println(engine.Can("ben"))
	// Output:
	// true
	// true
	// false
	// false
}

// The reason goes on record with the change.
func ExampleAdmin_Because() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()

	c, err := engine.As("ana").Because("ticket 12").Assign(ctx, "Finance", "cleo")
	if err != nil {
		fmt.Println(err)
	}
	stored, err := engine.Change(ctx, c.Revision)
	fmt.Println(stored.Actor.ID, stored.Action, stored.Target, stored.Reason, err)
	// Output:
	// ana group.members.change Finance ticket 12 <nil>
}

// Of two who save at once the second learns what the first did, and loses nothing of it.
func ExampleAdmin_IfVersion() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()

	seen, _ := engine.View().Group("Finance")
	if _, err := engine.As("ana").IfVersion(seen.Version).Grant(ctx, "Finance", "finance.reports:export"); err != nil {
		fmt.Println(err)
	}
	_, err := engine.As("ana").IfVersion(seen.Version).SetGroupPermissions(ctx, "Finance", authz.Rules{})
	var conflict *authz.Error
	now, _ := engine.View().Group("Finance")
	fmt.Println(errors.As(err, &conflict), conflict.Revision == now.Version, now.Permissions.Grants)
	// Output:
	// true true [finance.reports:export]
}

// A dry run makes every check and answers with the change that would be made.
func ExampleAdmin_DryRun() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()

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

// A change can be taken back later, whatever else was changed meanwhile; the revert is a change
// of its own. What was built on it since stands in the way, and is named.
func ExampleAdmin_Revert() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()
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
	// the name of the group "Finance" is taken by "Finance"
}

// A policy file comes in whole or not at all, and every line that can't be taken is named.
func ExampleAdmin_Import() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()
	take := func(text string) {
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

	take("p, group:Reports, finance.reports, export\ng, cleo, Reports\np, group:Reports, finance, shred\n")
	take("p, group:Reports, finance.reports, export\ng, cleo, group:Reports\n")
	fmt.Println(engine.Can("cleo", "finance.reports:export"))
	// Output:
	// line 2 has "Reports" where a group is expected; write "group:Reports"
	// line 3 "finance:shred" is not in the catalog
	// 2 added <nil>
	// true
}
