package authz_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// An operation that others overtake between its draft and its commit gives what it would give after them,
// whether its draft is moved onto their policy or made again.
func TestOvertakenOperationsGiveTheSame(t *testing.T) {
	t.Parallel()
	kept, redrafted := 0, 0
	for _, seed := range seeds(t, 30) {
		k, r, err := runOvertaken(t, seed, 25)
		if err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
		kept, redrafted = kept+k, redrafted+r
	}
	if kept < 20 || redrafted < 20 {
		t.Errorf("%d drafts were moved and %d made again: the test sees too little", kept, redrafted)
	}
}

// runOvertaken runs two engines: in one the operation is overtaken, in the other it comes after the others.
func runOvertaken(t *testing.T, seed uint64, rounds int) (kept, redrafted int, err error) {
	t.Helper()
	ctx, options := t.Context(), authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	overtaken, after := open(t, memstore.New(), options), open(t, memstore.New(), options)
	authz.WidenGate(overtaken, 2) // an import overtakes another
	r, w := rand.New(rand.NewPCG(seed, 77)), newReferenceModel()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	for _, e := range []*authz.Engine{overtaken, after} {
		must(t)(e.As("root").ChangeUserPermissions(ctx, "del", authz.RulesDelta{Grant: []authz.Pattern{
			"rightful.groups:*", "rightful.users:*", "rightful.policy:import", "a.*:*", "*:view",
		}}))
	}
	w.change("del", authz.RulesDelta{Grant: []authz.Pattern{"rightful.groups:*", "rightful.users:*", "rightful.policy:import", "a.*:*", "*:view"}})
	for i := range rounds {
		actor := pick(r, []authz.UserID{"root", "root", "del"})
		late := randomStep(r, w)
		var others []step
		for range 1 + r.IntN(3) {
			s := randomStep(r, w)
			if s.expect == nil {
				others = append(others, s)
				s.model(w)
			}
		}
		drafts, first := 0, true
		authz.OnDraft(overtaken, func() {
			if !first {
				return
			}
			first = false
			for _, s := range others {
				_, _ = s.engine(ctx, overtaken.As("root"))
			}
			first, drafts = false, 0
			authz.OnDraft(overtaken, func() { drafts++ })
		})
		c, errOvertaken := late.engine(ctx, overtaken.As(actor))
		authz.OnDraft(overtaken, nil)
		if first { // refused before anything overtook it
			for _, s := range others {
				_, _ = s.engine(ctx, overtaken.As("root"))
			}
		}
		for _, s := range others {
			_, _ = s.engine(ctx, after.As("root"))
		}
		want, errAfter := late.engine(ctx, after.As(actor))
		switch {
		case first && errAfter == nil: // by the policy before, it was refused
			must(t)(late.engine(ctx, overtaken.As(actor)))
		case first:
		case (errOvertaken == nil) != (errAfter == nil), errAfter != nil && !errors.Is(errOvertaken, errors.Unwrap(errAfter)) && errOvertaken.Error() != errAfter.Error():
			return 0, 0, fmt.Errorf("round %d, %s after %d others: %w, not %w", i, late.name, len(others), errOvertaken, errAfter)
		case asJSON(t, c.Delta) != asJSON(t, want.Delta):
			return 0, 0, fmt.Errorf("round %d, %s: %v, not %v", i, late.name, c.Delta, want.Delta)
		}
		if errAfter == nil {
			late.model(w)
		}
		if !first && errOvertaken == nil && len(others) > 0 {
			if drafts == 0 {
				kept++
			} else {
				redrafted++
			}
		}
		if a, b := fmt.Sprint(overtaken.View().Export(), groupVersions(overtaken)), fmt.Sprint(after.View().Export(), groupVersions(after)); a != b {
			return 0, 0, fmt.Errorf("round %d, %s: the policy is %s, not %s", i, late.name, a, b)
		}
		checkRecords(t, overtaken)
	}
	return kept, redrafted, nil
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func groupVersions(e *authz.Engine) (list []string) {
	for _, g := range e.View().Groups("") {
		list = append(list, fmt.Sprint(g.Name, g.Version.Revision))
	}
	return list
}

// A draft that independent changes overtake again and again is made once: it doesn't starve.
func TestLongDraftsDoNotStarve(t *testing.T) {
	t.Parallel()
	lengths := []time.Duration{10 * time.Millisecond, 300 * time.Millisecond}
	if !testing.Short() {
		lengths = append(lengths, 2*time.Second)
	}
	for _, length := range lengths {
		engine := office(t)
		ctx, ana := t.Context(), engine.As("ana")
		drafts, n := 0, 0
		var file authz.PolicyFile
		for i := range 50 {
			file.Lines = append(file.Lines, authz.PolicyLine{Number: i + 1, Fields: []string{"g", fmt.Sprint("u", i), "group:Desk"}})
		}
		authz.OnDraft(engine, func() {
			authz.OnDraft(engine, func() { drafts++ })
			for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(50 * time.Millisecond) { //nolint:forbidigo // real time is what is tested
				n++
				must(t)(ana.Assign(ctx, "Finance", authz.UserID(fmt.Sprint("other", n))))
			}
			drafts = 0
		})
		must(t)(ana.Import(ctx, file, authz.ImportMerge))
		if drafts != 0 || !engine.Can("u7", "requests.deposit:update") {
			t.Errorf("with a draft of %v, %d drafts were lost to %d changes", length, drafts, n)
		}
		t.Logf("a draft of %v beside %d changes: %d lost", length, n, drafts)
		checkRecords(t, engine)
	}
}

// The change that an operation returned is its caller's: altering it doesn't reach the policy, not even with a
// draft that is moved over it.
func TestReturnedChangeCanBeAltered(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	authz.OnDraft(engine, func() {
		authz.OnDraft(engine, nil)
		c := must(t)(ana.Grant(ctx, "Finance", "a:b"))
		c.Delta.Added[0].Pattern = "c:d"
	})
	must(t)(ana.Grant(ctx, "Desk", "x:y"))
	must(t)(ana.Assign(ctx, "Finance", "eve"))
	if !engine.Can("eve", "a:b") || engine.Can("eve", "c:d") {
		t.Error("the policy follows the altered change")
	}
}
