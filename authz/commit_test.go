package authz_test

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// A commit whose answer is lost takes effect if it was written and not otherwise; the caller
// learns which.
func TestCommitWithALostAnswer(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	var log strings.Builder
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	lost := errors.New("connection reset")
	store.OnReturn(func(context.Context) error { return lost }, authztest.CallCommit)
	c := must(t)(engine.As("ana").Assign(t.Context(), authz.Administrators, "eve"))
	if head := "head=" + hex.EncodeToString(c.Hash); !strings.Contains(log.String(), head) {
		t.Errorf("the log lacks %s of what was written", head)
	}
	if !engine.Can("eve", "a:b") || c.Revision != engine.View().Revision() {
		t.Errorf("written, and not taken in: %+v", c)
	}
	store.OnReturn(nil, authztest.CallCommit)
	store.Fail(lost, authztest.CallCommit)
	if _, err := engine.As("ana").Assign(t.Context(), authz.Administrators, "dan"); !errors.Is(err, authz.ErrStoreUnavailable) || engine.Can("dan", "a:b") {
		t.Errorf("not written, and taken in: %v", err)
	}
}
