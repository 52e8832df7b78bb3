package otel_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

func TestSpansOfAnOperation(t *testing.T) {
	e := open(t, authztest.NewStore())
	change, err := e.As("ana").Assign(t.Context(), authz.Administrators, "secret-user")
	if err != nil {
		t.Fatal(err)
	}
	operations, commits := e.named("rightful group.members.change"), e.named("rightful.store Commit")
	if len(operations) != 1 || len(commits) != 1 {
		t.Fatalf("%d operations and %d commits in %v", len(operations), len(commits), e.spans.GetSpans())
	}
	if commits[0].Parent.SpanID() != operations[0].SpanContext.SpanID() {
		t.Error("the commit isn't in the span of the operation")
	}
	want := attribute.NewSet(
		attribute.String("rightful.action", "group.members.change"), attribute.Bool("rightful.dry_run", false),
		attribute.Int64("rightful.revision", int64(change.Revision)))
	if got := attribute.NewSet(operations[0].Attributes...); got != want {
		t.Errorf("the operation has %v", operations[0].Attributes)
	}
	for _, span := range e.spans.GetSpans() {
		if strings.Contains(span.Name, "secret-user") {
			t.Errorf("a span is named %s", span.Name)
		}
		for _, a := range span.Attributes {
			if strings.Contains(a.Value.Emit(), "secret-user") {
				t.Errorf("%s has %v", span.Name, a)
			}
		}
	}
}

func TestSpanOfADryRun(t *testing.T) {
	e := open(t, authztest.NewStore())
	if _, err := e.As("ana").DryRun().Assign(t.Context(), authz.Administrators, "ben"); err != nil {
		t.Fatal(err)
	}
	operations := e.named("rightful group.members.change")
	if len(operations) != 1 || len(e.named("rightful.store Commit")) != 0 {
		t.Fatal(e.spans.GetSpans())
	}
	set := attribute.NewSet(operations[0].Attributes...)
	if dry, _ := set.Value("rightful.dry_run"); !dry.AsBool() {
		t.Error("it isn't marked as a dry run")
	}
}

// A refusal is recorded and is no error of the service; a store that is away is one.
func TestErrorsAreRecorded(t *testing.T) {
	store := authztest.NewStore()
	e := open(t, store)
	if _, err := e.As("ben").Assign(t.Context(), authz.Administrators, "ben"); !errors.Is(err, authz.ErrForbidden) {
		t.Fatal(err)
	}
	refused := e.named("rightful group.members.change")
	if len(refused) != 1 || refused[0].Status.Code != codes.Unset || len(refused[0].Events) != 1 {
		t.Errorf("refused: %+v", refused)
	}
	e.spans.Reset()
	store.Fail(errors.New("connection refused"), authztest.CallCommit, authztest.CallSince, authztest.CallPosition)
	if _, err := e.As("ana").Assign(t.Context(), authz.Administrators, "ben"); !errors.Is(err, authz.ErrStoreUnavailable) {
		t.Fatal(err)
	}
	failed, commits := e.named("rightful group.members.change"), e.named("rightful.store Commit")
	if len(failed) != 1 || failed[0].Status.Code != codes.Error || len(failed[0].Events) != 1 {
		t.Errorf("failed: %+v", failed)
	}
	if len(commits) == 0 || commits[0].Status.Code != codes.Error || len(commits[0].Events) != 1 {
		t.Errorf("commits: %+v", commits)
	}
}

// Decisions have no span, in a request that has one.
func TestDecisionsAreNotTraced(t *testing.T) {
	e := open(t, authztest.NewStore())
	_, request := e.provider.Tracer("test").Start(t.Context(), "request")
	e.Can("ana", "a:b")
	e.Decide(authz.Question{User: "ben", Permissions: []authz.Permission{"a:b"}})
	request.End()
	if spans := e.spans.GetSpans(); len(spans) != 1 {
		t.Errorf("%v", spans)
	}
}

// The Go of docs/operations.md is that of the example, which runs.
func TestPageShowsTheExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Traces\n")
	_, block, ok := strings.Cut(section, "```go\n")
	block, _, _ = strings.Cut(block, "```")
	if flat := strings.NewReplacer("\t", "", " ", ""); !ok || !strings.Contains(flat.Replace(string(example)), flat.Replace(block)) {
		t.Errorf("the example isn't\n%s", block)
	}
}
