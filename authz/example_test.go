package authz_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
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

// A change takes effect on the next decision.
func Example() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())

	fmt.Println(engine.Can("ben", "finance.operations:create"))
	if _, err := engine.As("ana").Because("ticket 12").Grant(ctx, "Finance", "finance.operations:create"); err != nil {
		fmt.Println(err)
	}
	fmt.Println(engine.Can("ben", "finance.operations:create"))
	// Output:
	// false
	// true
}

// An explanation says what is missing, in the catalog's words, and what grants the rest.
func ExampleEngine_Explain() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())
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

// No user can give what they don't hold.
func ExampleError_escalation() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())
	if _, err := engine.As("ana").Grant(ctx, "Finance", "rightful.groups:*"); err != nil {
		fmt.Println(err)
	}

	_, err := engine.As("ben").Grant(ctx, "Finance", "finance.reports:export")
	fmt.Println(err)
	// Output:
	// the change would give, take away or lift permissions that the actor doesn't hold: finance.reports:export.
}

// Past decisions can be asked about later, and who ended them.
func ExampleEngine_ViewAt() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())
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
	defer engine.Close(context.Background())

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
	defer engine.Close(context.Background())
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
	defer engine.Close(context.Background())

	status := engine.Status()
	fmt.Println(status.Head.Revision, status.StoreErr)
	// Output:
	// 4 <nil>
}

// A seed gives a new store its first policy. It is applied once.
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
	defer engine.Close(context.Background())
	fmt.Println(engine.Can("ben", "requests.deposit:update"))
	fmt.Println(engine.Can("ben", "requests.deposit:update", "finance.operations:create"))
	fmt.Println(engine.Can("ana", "whatever.comes:tomorrow"))
	// Output:
	// true
	// false
	// true
}

// All of the permissions must be held; a question without permissions is denied.
func ExampleEngine_Can() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close(context.Background())
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
