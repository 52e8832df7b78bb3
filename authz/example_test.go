package authz_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/rightful-go/rightful/authz"
)

// backOffice is a small back office with an administrator, ana.
func backOffice(ctx context.Context) *authz.Engine {
	engine, err := authz.Open(ctx, authz.NewMemoryStore(), authz.Options{
		Catalogue: authz.Catalogue{
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

// A change counts on the next decision.
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

// An explanation says what is missing, in the catalogue's words, and what grants the rest.
func ExampleEngine_Explain() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()
	if _, err := engine.As("ana").Grant(ctx, "Finance", "finance.operations:*"); err != nil {
		fmt.Println(err)
	}

	x := engine.Explain("ben", "finance.operations:create", "finance.reports:export")
	for _, p := range x.Held() {
		fmt.Println("held:", p.Permission, "by", p.Because[0].Pattern, p.Because[0].Path)
	}
	for _, p := range x.Missing() {
		fmt.Println("missing:", p.Label)
	}
	// Output:
	// held: finance.operations:create by finance.operations:* [ben group:Finance]
	// missing: Export reports
}

// A preview makes every check and says what a change would do to people.
func ExampleActing_Preview() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()

	_, impact, err := engine.As("ana").Preview(func(a authz.Acting) (authz.Change, error) {
		return a.Grant(ctx, "Finance", "finance.reports:export")
	})
	fmt.Println(impact.Gains, err)
	fmt.Println(engine.Can("ben", "finance.reports:export"))
	// Output:
	// [{ben [finance.reports:export]}] <nil>
	// false
}

// Nobody gives what they don't hold.
func ExampleEscalationError() {
	ctx := context.Background()
	engine := backOffice(ctx)
	defer engine.Close()
	if _, err := engine.As("ana").Grant(ctx, "Finance", "rightful.groups:*"); err != nil {
		fmt.Println(err)
	}

	_, err := engine.As("ben").Grant(ctx, "Finance", "finance.reports:export")
	fmt.Println(err)
	// Output:
	// This would give, take or lift what you don't hold yourself: finance.reports:export.
}
