package policycsv_test

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

func ExampleReadSeed() {
	seed, err := policycsv.ReadSeed(os.DirFS("../../examples/chat/seed"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d permissions, %d groups, %d lines of policy\n", len(seed.Catalog), len(seed.Groups), len(seed.Policy.Lines))
	// Output: 12 permissions, 4 groups, 17 lines of policy
}

func ExampleReadPolicy() {
	policy, err := policycsv.ReadPolicy(strings.NewReader(`# who may do what
p, group:Finance, finance.*, view
p, group:Trainees, finance.balances, adjust, forbid
g, "Meyer, Ana", group:Finance
g, ben
`))
	if err != nil {
		fmt.Println("the file broke off:", err)
		return
	}
	for _, line := range policy.Lines {
		fmt.Printf("line %d: %q\n", line.Number, line.Fields)
	}
	for _, fault := range policy.Faults {
		fmt.Printf("line %d: %s\n", fault.Line, fault.Detail)
	}
	// Output:
	// line 2: ["p" "group:Finance" "finance.*" "view" "allow"]
	// line 4: ["g" "Meyer, Ana" "group:Finance"]
	// line 3: the effect is "forbid"; it must be allow or deny, or be left out together with its comma, which means allow
	// line 5: a g line has 3 fields (g, member, group), but this one has 2
}

func ExampleWritePolicy() {
	err := policycsv.WritePolicy(os.Stdout, []authz.Row{
		{Type: "p", V: [6]string{"group:Finance", "finance.*", "*", "allow"}},
		{Type: "g", V: [6]string{"Meyer, Ana", "group:Finance"}},
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// p, group:Finance, finance.*, *, allow
	// g, "Meyer, Ana", group:Finance
}

func ExampleReadCatalog() {
	_, err := policycsv.ReadCatalog(strings.NewReader(`category,permission,label
Finance > Reports,finance.reports:export,Export reports
Finance > Reports,finance.reports,View reports
Finance > Reports,finance.reports:export,"Export reports, again"
`))
	var rejected *authz.Error
	if errors.As(err, &rejected) {
		for _, bad := range rejected.Faults {
			fmt.Printf("line %d: %s\n", bad.Line, bad.Detail)
		}
	}
	// Output:
	// line 3: "finance.reports": is not of the form "object:action"
	// line 4: "finance.reports:export" is declared twice, on line 2 and here
}

func ExampleReadGroups() {
	groups, err := policycsv.ReadGroups(strings.NewReader(`name,description
Finance,"Books operations, adjusts balances"
Trainees,
`))
	for _, group := range groups {
		fmt.Printf("%s: %q\n", group.Name, group.Description)
	}
	fmt.Println(err)
	// Output:
	// Finance: "Books operations, adjusts balances"
	// Trainees: ""
	// <nil>
}
