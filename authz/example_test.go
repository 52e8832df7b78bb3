package authz_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// backOffice is a small back office with an administrator, ana.
func backOffice(ctx context.Context) *authz.Engine {
	engine, err := authz.Open(ctx, memstore.New(), authz.Options{
		Catalog: authz.Catalog{
			{Permission: "finance.operations:create", Label: "Book operations", Category: []string{"Finance"}},
			{Permission: "finance.reports:export", Label: "Export reports", Category: []string{"Finance"}},
		},
		Bootstrap: "ana",
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	ana := engine.As("ana")
	if _, err := ana.CreateGroup(ctx, authz.GroupSpec{Name: "Finance"}); err != nil {
		panic(err)
	}
	if _, err := ana.Assign(ctx, "Finance", "ben"); err != nil {
		panic(err)
	}
	return engine
}

// A change takes effect with the next decision.
func Example() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()

	fmt.Println(engine.Can("ben", "finance.operations:create"))
	if _, err := engine.As("ana").Because("ticket 12").Grant(ctx, "Finance", "finance.operations:create"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(engine.Can("ben", "finance.operations:create"))
	// Output:
	// false
	// true
}

// An explanation says which rules grant what the user holds, and names what is missing as the catalog does.
func ExampleEngine_Explain() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()
	if _, err := engine.As("ana").Grant(ctx, "Finance", "finance.operations:*"); err != nil {
		fmt.Println(err)
	}

	x := engine.Explain("ben", "finance.operations:create", "finance.reports:export")
	for _, p := range x.Permissions {
		if p.Allowed {
			fmt.Println("held:", p.Permission, "by", p.Origins[0].Pattern, p.Origins[0].Path)
		} else {
			fmt.Println("missing:", p.Label)
		}
	}
	// Output:
	// held: finance.operations:create by finance.operations:* [ben group:Finance]
	// missing: Export reports
}

// A dry run also returns the impact of the change on users.
func ExampleAdmin_DryRun_impact() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()

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

// Nobody gives what they don't hold: ben may change groups, but can't grant a permission that he lacks.
func ExampleError_escalation() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()
	if _, err := engine.As("ana").Grant(ctx, "Finance", "rightful.groups:*"); err != nil {
		fmt.Println(err)
	}

	_, err := engine.As("ben").Grant(ctx, "Finance", "finance.reports:export")
	fmt.Println(err)
	// Output:
	// the change would give, take away or lift permissions that the actor doesn't hold: finance.reports:export.
}

// Fixes list the changes that would give a user what they were denied, with their side effects, and
// whether the actor may make them.
func ExampleAdmin_Fixes() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()
	ana := engine.As("ana")
	if _, err := ana.Grant(ctx, "Finance", "finance.*:*"); err != nil {
		fmt.Println(err)
	}

	fixes, err := ana.Fixes(engine.View(), "cleo", "finance.reports:export")
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

// Past policies can be queried, and so can the change by which a user lost a permission.
func ExampleEngine_ViewAt() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()
	ana := engine.As("ana")
	if _, err := ana.Grant(ctx, "Finance", "finance.reports:export"); err != nil {
		fmt.Println(err)
	}
	revision := engine.View().Revision()
	if _, err := ana.Because("ben has moved").Unassign(ctx, "Finance", "ben"); err != nil {
		fmt.Println(err)
	}

	then, err := engine.ViewAt(ctx, revision)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(then.Can("ben", "finance.reports:export"), engine.Can("ben", "finance.reports:export"))
	losses, err := engine.Lost(ctx, engine.View(), "ben", "finance.reports:export")
	for _, loss := range losses.List {
		fmt.Println("lost at", loss.Revision, "by", loss.Actor.ID, "because", loss.Reason, err)
	}
	// Output:
	// true false
	// lost at 6 by ana because ben has moved <nil>
}

// A decision says what is missing, and records the refusal for administrators.
func ExampleEngine_Decide() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()

	d := engine.Decide(authz.Question{User: "ben", Permissions: []authz.Permission{"finance.reports:export"}})
	if !d.Allowed {
		denial := engine.RecordDenial(d, "GET", "/reports/:id")
		fmt.Println("missing:", d.Missing()[0].Label, denial.Route)
	}
	// Output:
	// missing: Export reports /reports/:id
}

// A decision also names the groups that would give the user what is missing.
func ExampleDecision_Groups() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()
	if _, err := engine.As("ana").Grant(ctx, "Finance", "finance.reports:export"); err != nil {
		fmt.Println(err)
	}

	d := engine.Decide(authz.Question{User: "cleo", Permissions: []authz.Permission{"finance.reports:export"}})
	fmt.Println(d.Allowed, d.Groups())
	// Output:
	// false [[Finance]]
}

// Status tells a health check which revision decides, and whether the store is reachable.
func ExampleEngine_Status() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()

	status := engine.Status()
	fmt.Println(status.Head.Revision, status.StoreErr)
	// Output:
	// 4 <nil>
}
