package bearer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// When keys are fetched:
//
//   - A token with a known key waits for nothing. If the keys are older than refreshAfter, they are fetched beside it. If
//     they are older than waitAfter, because nobody has asked since, it waits for that: they may be withdrawn.
//   - A token with an unknown key is judged by keys that are at most fetchPause old, so it may wait for a fetch.
//   - There is one fetch at a time, at least fetchPause after the last, for at most fetchTimeout. So whatever tokens are
//     sent, the issuer gets a request every ten seconds at most, and a new key is known within that time.
//   - If a fetch fails, the keys stay, until they are older than the host allows. Without them, or with an unknown key, a
//     token can't be judged until a fetch succeeds.
//   - A key set that lacks a key withdraws it, also if it has none that can be used: then no token can be judged.
const (
	refreshAfter = 5 * time.Minute
	waitAfter    = 2 * refreshAfter
	fetchPause   = 10 * time.Second
	fetchTimeout = 5 * time.Second
)

// fetchedKeys are the keys of an issuer, kept current. Its zero times are long ago.
type fetchedKeys struct {
	fetch  func(context.Context) ([]jose.JSONWebKey, error)
	maxAge time.Duration
	log    *slog.Logger

	mu      sync.Mutex
	keys    []jose.JSONWebKey
	fetched time.Time     // when keys were fetched last
	ended   time.Time     // when the last attempt ended
	err     error         // of the last attempt
	pending chan struct{} // closed when the attempt in progress ends; nil if there is none
}

func newFetchedKeys(o Options, algorithms []jose.SignatureAlgorithm) *fetchedKeys {
	f := fetcher{client: o.Client, issuer: o.Issuer, keysURL: o.KeysURL, isSafe: o.isSafe, algorithms: algorithms}
	return &fetchedKeys{fetch: f.keys, maxAge: o.MaxKeyAge, log: o.Logger.With("issuer", o.Issuer)}
}

// find returns the keys with an id that an algorithm is used with. Without an id, it returns the only key
// of the issuer for that algorithm, if there is only one.
func (k *fetchedKeys) find(ctx context.Context, id string, algorithm jose.SignatureAlgorithm) ([]any, error) {
	keys, err := k.within(ctx, k.maxAge)
	if err != nil {
		return nil, err
	}
	if found := matching(keys, id, algorithm); len(found) > 0 {
		return found, nil
	}
	if keys, err = k.within(ctx, fetchPause); err != nil {
		return nil, err
	}
	return matching(keys, id, algorithm), nil
}

func matching(keys []jose.JSONWebKey, id string, algorithm jose.SignatureAlgorithm) (list []any) {
	for _, key := range keys {
		if (id == "" || key.KeyID == id) && isFor(key, algorithm) {
			list = append(list, key.Key)
		}
	}
	if id == "" && len(list) > 1 {
		return nil // to try them all would let each token cost many verifications
	}
	return list
}

// isFor reports whether a key is one that an algorithm is used with, and that the issuer uses with it.
func isFor(key jose.JSONWebKey, algorithm jose.SignatureAlgorithm) bool {
	return (key.Algorithm == "" || key.Algorithm == string(algorithm)) && fits(key.Key, algorithm)
}

// within returns keys that were fetched at most limit ago. It waits for a fetch if it needs one, and
// returns [ErrKeysUnavailable] if that fails or the last failure is too recent to try again.
func (k *fetchedKeys) within(ctx context.Context, limit time.Duration) ([]jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := since(k.fetched)
	if age > min(limit, refreshAfter) && since(k.ended) > fetchPause && k.pending == nil {
		k.pending = make(chan struct{})
		// Others wait for it too, so it doesn't end with this request.
		go k.refresh(context.WithoutCancel(ctx), k.pending)
	}
	idle := age > waitAfter && k.err == nil
	if k.pending != nil && (age > limit || idle) {
		if err := k.wait(ctx, k.pending); err != nil {
			return nil, err
		}
	}
	if k.err != nil && since(k.fetched) > limit {
		return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, k.err)
	}
	return k.keys, nil
}

// wait waits for the attempt in progress, without the lock.
func (k *fetchedKeys) wait(ctx context.Context, pending <-chan struct{}) error {
	k.mu.Unlock()
	defer k.mu.Lock()
	select {
	case <-pending:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refresh makes one attempt to fetch the keys.
func (k *fetchedKeys) refresh(ctx context.Context, pending chan<- struct{}) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	keys, err := k.fetch(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.logChange(err, len(keys))
	k.ended, k.err, k.pending = time.Now(), err, nil
	close(pending)
	switch {
	case err == nil:
		k.keys, k.fetched = keys, k.ended
	case errors.Is(err, errNoKeys):
		k.keys, k.fetched = nil, time.Time{}
	}
}

// logChange logs what an attempt came to, unless it is the same as before.
func (k *fetchedKeys) logChange(err error, keys int) {
	switch failed := k.err != nil; {
	case errors.Is(err, errNoKeys) && !errors.Is(k.err, errNoKeys):
		k.log.Error("the issuer has no key that can be used; requests with its tokens get 503", "error", err)
	case err != nil && !failed && k.fetched.IsZero():
		k.log.Error("can't fetch the keys of the issuer; requests with its tokens get 503", "error", err)
	case err != nil && !failed:
		k.log.Warn("can't fetch the keys of the issuer; tokens signed with known keys are still accepted", "max_age", k.maxAge, "error", err)
	case err == nil && failed:
		k.log.Info("keys of the issuer fetched again", "keys", keys)
	}
}

// since returns how long ago a time was, by the clock that says more: the monotonic one stands still while
// a machine is suspended, and the other can be set back.
func since(t time.Time) time.Duration {
	return max(time.Since(t), time.Now().Round(0).Sub(t.Round(0)))
}
