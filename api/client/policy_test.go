package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

func TestPolicyComesBack(t *testing.T) {
	ctx := t.Context()
	c := newService(t).as(t, "ana")
	const policy = "p, group:Finance, finance.*, *, allow\ng, dana, group:Finance\n"
	change := must[openapi.Change](t)(c.Because("a fresh start, säuberlich").Import(ctx, openapi.ImportModeMerge, strings.NewReader(policy)))
	if shown := must[openapi.Change](t)(c.Change(ctx, change.Revision)); shown.Reason != "a fresh start, säuberlich" || shown.AddedCount != change.AddedCount {
		t.Errorf("recorded as %v", shown)
	}
	ben := c.User("ben")
	if x := must[openapi.Explanation](t)(ben.Explain(ctx, 0, "finance.operations:view", "finance.operations:create")); x.Allowed ||
		len(x.Permissions) != 2 || x.Fixes[0].Groups[0] != "Finance" || x.Fixes[0].Operations[0].Path != "/groups/Finance/members/ben" {
		t.Errorf("explained as %v", x)
	}
	if x := must[openapi.Explanation](t)(ben.Explain(ctx, change.Revision, "finance.operations:view")); x.Allowed || x.Fixes != nil {
		t.Errorf("of the past explained as %v", x)
	}
	file := must[[]byte](t)(c.Export(ctx))
	if !strings.Contains(string(file), "g, dana, group:Finance\n") {
		t.Errorf("exported %s", file)
	}
	if again := must[openapi.Change](t)(c.Import(ctx, openapi.ImportModeReplace, strings.NewReader(string(file)))); again.Revision != 0 {
		t.Errorf("a second import made %v", again)
	}
	if me := must[openapi.Me](t)(c.Me(ctx)); me.User != "ana" || len(me.Effective) == 0 {
		t.Errorf("the caller is %v", me)
	}
	if status := must[openapi.Status](t)(c.Status(ctx)); status.Revision != change.Revision {
		t.Errorf("the status is %v", status)
	}
	_, err := c.Import(ctx, openapi.ImportModeMerge, strings.NewReader("p, x\nq\n"))
	var problem *client.Error
	if !errors.As(err, &problem) || problem.Type != openapi.ProblemTypeImportRejected || len(problem.Errors) != 2 || problem.ErrorCount != 2 {
		t.Errorf("a bad file: %v", err)
	}
}
