package authz

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// idempotencyWindow is how long a change is remembered by the key that it was made with.
const idempotencyWindow = 24 * time.Hour

// idempotencyKeys returns the keys of the record of a change that was made with an idempotency key: one that the
// actor and the key make, and one that the operation makes with them. It returns none if there is no key.
func (x *execution) idempotencyKeys() ([]string, error) {
	if x.key == "" {
		return nil, nil
	}
	operation, err := json.Marshal(x.Operation)
	if err != nil {
		return nil, bug(err)
	}
	hash := sha256.New()
	_, _ = fmt.Fprintf(hash, "%q %q %q", x.actor.Kind, x.actor.ID, x.key)
	keys := []string{"key:" + hex.EncodeToString(hash.Sum(nil))}
	_, _ = hash.Write(operation)
	return append(keys, "batch:"+hex.EncodeToString(hash.Sum(nil))), nil
}

// recall returns the change that the actor has made with the idempotency key already, found is false if there is
// none. It must run after the policy of the draft was read and before the draft is committed: a change with the
// same key that it misses is then in the way of the commit, [execution.rebase] doesn't move the draft onto it, and the
// next draft finds it.
func (x *execution) recall(ctx context.Context, keys []string) (c Change, found bool, err error) {
	if len(keys) == 0 {
		return Change{}, false, nil
	}
	defer x.excludeStore(time.Now())
	since := time.Now().Add(-idempotencyWindow).UnixMicro()
	records, err := x.engine.store.Before(ctx, RecordQuery{Since: since, Keys: [][]string{keys[:1]}, Limit: 1})
	if err != nil {
		return Change{}, false, x.engine.unavailable(ctx, err)
	}
	if len(records) == 0 {
		return Change{}, false, nil
	}
	same, err := x.engine.store.Before(ctx, RecordQuery{Since: since, Keys: [][]string{keys[1:]}, Limit: 1})
	switch {
	case err != nil:
		return Change{}, false, x.engine.unavailable(ctx, err)
	case len(same) == 0:
		return Change{}, false, invalid(ErrInvalid, []Fault{{
			Detail: "the idempotency key was used for another batch within the last 24 hours; use a new key for each batch",
		}})
	}
	c, err = same[0].change()
	if err == nil && c.Revision > x.engine.revision() { // another instance made it
		err = x.engine.Refresh(ctx)
	}
	return c, err == nil, err
}
