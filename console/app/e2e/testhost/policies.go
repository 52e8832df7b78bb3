package main

import (
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// small is a policy with someone who may only look, and someone who may only say who is in one group.
func small() authz.Seed {
	catalog := authz.Catalog{
		{Permission: "orders:view", Label: "View orders", Category: []string{"Orders"}},
		{Permission: "orders:ship", Label: "Ship orders", Category: []string{"Orders"}},
		{Permission: "stock:view", Label: "View the stock", Category: []string{"Warehouse"}},
	}
	return seedOf(catalog, `p, group:Team 00, orders, view
p, group:Viewers, rightful.*, view
p, group:Leads, rightful.groups, view
p, group:Leads, rightful.users, view
p, group:Leads, rightful.members/Team 00, assign
g, vera, group:Viewers
g, lea, group:Leads
g, tom, group:Team 00
`)
}

// company has 1,000 permissions, 50 groups of 800 rules each that inherit up to two others, and 10,000 users in two groups
// each.
func company() authz.Seed {
	var catalog authz.Catalog
	for i := range 1000 {
		area := fmt.Sprintf("Department %02d", i/50)
		catalog = append(catalog, authz.Entry{
			Permission: authz.Permission(fmt.Sprintf("department%02d.requests.kind%02d:%s", i/50, i/2%25, []string{"view", "update"}[i%2])),
			Label:      fmt.Sprintf("Decide requests of kind %d", i/2%25), Category: []string{area, fmt.Sprintf("%s's requests, part %d", area, i/10%5)},
		})
	}
	var file strings.Builder
	for g := range 50 {
		for i, e := range catalog {
			object, action, _ := strings.Cut(string(e.Permission), ":")
			if (i+g)%5 > 0 {
				fmt.Fprintf(&file, "p, group:Team %02d, %s, %s\n", g, object, action)
			}
		}
		if g%10 > 1 {
			fmt.Fprintf(&file, "g, group:Team %02d, group:Team %02d\ng, group:Team %02d, group:Team %02d\n", g, g-1, g, g-2)
		}
	}
	for u := range 10_000 {
		fmt.Fprintf(&file, "g, person.number%05d, group:Team %02d\ng, person.number%05d, group:Team %02d\n", u, u%50, u, (u+10)%50)
	}
	return seedOf(catalog, file.String())
}

func seedOf(catalog authz.Catalog, policy string) authz.Seed {
	read, err := policycsv.ReadPolicy(strings.NewReader(policy))
	if err != nil {
		panic(err) // the policies are above
	}
	return authz.Seed{Catalog: catalog, Policy: read}
}
