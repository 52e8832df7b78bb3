package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/rightful-go/rightful/api/identity/bearer"
)

// The time in these tests is that of testing/synctest. Tokens last longer than each of them.
func lasting() claims { return with(claims{"exp": time.Now().Add(1000 * time.Hour).Unix()}) }

func known() string { return signWith(jose.RS256, rsaKey(), "rsa", lasting(), nil) }

func ofNewKey() string { return signWith(jose.RS256, otherRSA(), "new", lasting(), nil) }

// want verifies a token, and compares what comes of it.
func want(t *testing.T, v *bearer.Verifier, when, token string, want error) {
	t.Helper()
	user, err := v.Verify(t.Context(), token)
	if !errors.Is(err, want) || (user == "ben") != (want == nil) {
		t.Errorf("%s: %q, %v, not %v", when, user, err, want)
	}
}

func (i *issuer) rotate() {
	i.change(func(i *issuer) { i.keys = []jose.JSONWebKey{{Key: otherRSA().Public(), KeyID: "new"}} })
}

func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newIssuer()
		v := verifier(t, from.options())
		want(t, v, "a known key", known(), nil)
		time.Sleep(20 * time.Second)
		want(t, v, "before the rotation", ofNewKey(), bearer.ErrRejected)
		from.rotate()
		want(t, v, "within the pause", ofNewKey(), bearer.ErrRejected)
		time.Sleep(11 * time.Second)
		want(t, v, "after the pause", ofNewKey(), nil)
		want(t, v, "a withdrawn key", known(), bearer.ErrRejected)
	})
}

// A key that the issuer withdraws is noticed without any token of an unknown key.
func TestWithdrawnKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newIssuer()
		v := verifier(t, from.options())
		want(t, v, "a known key", known(), nil)
		from.rotate()
		time.Sleep(4 * time.Minute)
		want(t, v, "before keys are fetched again", known(), nil)
		time.Sleep(2 * time.Minute)
		want(t, v, "while keys are fetched", known(), nil)
		synctest.Wait()
		want(t, v, "after that", known(), bearer.ErrRejected)
	})
}

// An issuer that withdraws all its keys, as after a compromise, is no issuer that is away: the old ones end like one
// withdrawn key, whatever the key set has in their place, and also if the issuer is away afterwards.
func TestAllKeysWithdrawn(t *testing.T) {
	for name, answer := range map[string]string{
		"an empty set":                `{"keys":[]}`,
		"keys that aren't understood": `{"keys":[{"kty":"AKP","alg":"ML-DSA-44","kid":"rsa","pub":"AA"}]}`,
		"keys for encryption":         set(jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "rsa", Use: "enc"}),
		"an algorithm not accepted":   set(jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "rsa", Algorithm: "RS512"}, jose.JSONWebKey{Key: ec384().Public()}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := newIssuer()
				options, log := logged(from.options())
				v := verifier(t, options)
				want(t, v, "a known key", known(), nil)
				from.change(func(i *issuer) { i.replaced[keysPath] = says(answer) })
				time.Sleep(6 * time.Minute)
				want(t, v, "while keys are fetched", known(), nil)
				synctest.Wait()
				want(t, v, "after that", known(), bearer.ErrKeysUnavailable)
				want(t, v, "what is no token", "x", bearer.ErrRejected)
				for range 100 {
					time.Sleep(time.Minute)
					want(t, v, "later", known(), bearer.ErrKeysUnavailable)
				}
				from.change(func(i *issuer) { i.down = true })
				time.Sleep(time.Minute)
				want(t, v, "while the issuer is away", known(), bearer.ErrKeysUnavailable)
				from.change(func(i *issuer) { i.down = false; delete(i.replaced, keysPath) })
				time.Sleep(11 * time.Second)
				want(t, v, "once it has keys again", known(), nil)
				if n := strings.Count(log.String(), "level=ERROR"); n != 1 || strings.Contains(log.String(), "level=WARN") ||
					!strings.Contains(log.String(), "the issuer has no key that can be used") || !strings.Contains(log.String(), "fetched again") {
					t.Errorf("%d errors:\n%s", n, log)
				}
			})
		})
	}
}

// Keys are withdrawn by a key set that lacks them. Nothing else that an issuer answers ends them, and the log tells the two apart.
func TestOnlyAKeySetWithdrawsKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newIssuer()
		options, log := logged(from.options())
		v := verifier(t, options)
		want(t, v, "a known key", known(), nil)
		empty := `{"keys":[]}`
		for path, answers := range map[string][]http.HandlerFunc{
			keysPath: {
				says(`{}`), says(`{"keys":null}`), says(`{"keys":{}}`), says(`[]`), says(``), says(empty[:10]), says(empty + "x"), says(`{"error":"busy"}`),
				status(http.StatusInternalServerError, empty), status(http.StatusNotFound, empty), status(http.StatusNoContent, ""),
			},
			discoveryPath: {says(empty), says(`{}`), status(http.StatusGone, empty)},
		} {
			for n, answer := range answers {
				from.change(func(i *issuer) { i.replaced[path] = answer })
				time.Sleep(6 * time.Minute)
				want(t, v, "while keys are fetched", known(), nil)
				synctest.Wait()
				want(t, v, fmt.Sprintf("%s, answer %d", path, n), known(), nil)
			}
			from.change(func(i *issuer) { delete(i.replaced, path) })
		}
		if n := strings.Count(log.String(), "level=WARN"); n < 1 || strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("%d warnings:\n%s", n, log)
		}
		from.change(func(i *issuer) { i.replaced[keysPath] = says(empty) })
		time.Sleep(6 * time.Minute)
		want(t, v, "while keys are fetched", known(), nil)
		synctest.Wait()
		want(t, v, "withdrawn", known(), bearer.ErrKeysUnavailable)
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
			t.Errorf("%d errors:\n%s", n, log)
		}
	})
}

// After a time without requests, the first one gets no key that the issuer has withdrawn meanwhile.
func TestKeyWithdrawnWithoutRequests(t *testing.T) {
	for _, minutes := range []time.Duration{11, 660} {
		synctest.Test(t, func(t *testing.T) {
			from := newIssuer()
			v := verifier(t, from.options())
			want(t, v, "a known key", known(), nil)
			from.rotate()
			time.Sleep(minutes * time.Minute)
			want(t, v, "a withdrawn key", known(), bearer.ErrRejected)
			from.change(func(i *issuer) { i.delay = time.Hour })
			time.Sleep(minutes * time.Minute)
			for n, wait := range []time.Duration{5 * time.Second, 0, 0} {
				started := time.Now()
				want(t, v, "a known key of a slow issuer", ofNewKey(), nil)
				if took := time.Since(started); took != wait {
					t.Errorf("request %d took %v", n, took)
				}
				time.Sleep(time.Minute)
			}
		})
	}
}

// While the issuer is away, known keys serve for the time that the host allows, and nothing else can be judged.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newIssuer()
		options, log := logged(from.options())
		options.MaxKeyAge = 2 * time.Hour
		v := verifier(t, options)
		valid, unknown := known(), ofNewKey()
		want(t, v, "before the outage", valid, nil)
		from.rotate()
		from.change(func(i *issuer) { i.down = true })
		for range 119 {
			time.Sleep(time.Minute)
			want(t, v, "a known key", valid, nil)
			want(t, v, "an unknown key", unknown, bearer.ErrKeysUnavailable)
		}
		time.Sleep(2 * time.Minute)
		want(t, v, "a key that is too old", valid, bearer.ErrKeysUnavailable)
		want(t, v, "what is no token", "x", bearer.ErrRejected)
		from.change(func(i *issuer) { i.down = false })
		want(t, v, "within the pause after a failure", ofNewKey(), bearer.ErrKeysUnavailable)
		time.Sleep(11 * time.Second)
		want(t, v, "after the outage", ofNewKey(), nil)
		want(t, v, "a withdrawn key", known(), bearer.ErrRejected)
		if warnings := strings.Count(log.String(), "level=WARN"); warnings != 1 || !strings.Contains(log.String(), "fetched again") {
			t.Errorf("%d warnings:\n%s", warnings, log)
		}
	})
}

// An application starts before its issuer.
func TestIssuerDownAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newIssuer()
		from.down = true
		v := verifier(t, from.options())
		for range 10 {
			want(t, v, "before the issuer", known(), bearer.ErrKeysUnavailable)
			time.Sleep(5 * time.Second)
		}
		from.change(func(i *issuer) { i.down = false })
		time.Sleep(11 * time.Second)
		want(t, v, "once the issuer is there", known(), nil)
	})
}

// An issuer that doesn't answer holds a request for five seconds at most, and those with known keys not at all.
func TestSlowIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newIssuer()
		from.delay = time.Second
		v := verifier(t, from.options())
		want(t, v, "a slow issuer", known(), nil)
		from.change(func(i *issuer) { i.delay = time.Hour })
		time.Sleep(11 * time.Second)
		started := time.Now()
		want(t, v, "an unknown key", ofNewKey(), bearer.ErrKeysUnavailable)
		if took := time.Since(started); took != 5*time.Second {
			t.Errorf("it took %v", took)
		}
		want(t, v, "the next one", ofNewKey(), bearer.ErrKeysUnavailable)
		time.Sleep(6 * time.Minute)
		started = time.Now()
		want(t, v, "a known key", known(), nil)
		if took := time.Since(started); took != 0 {
			t.Errorf("a known key took %v", took)
		}
		time.Sleep(6 * time.Second) // until the fetch beside it has ended
	})
}

// Whatever tokens are sent, the issuer gets few requests.
func TestFloodOfUnknownKeys(t *testing.T) {
	for _, down := range []bool{false, true} {
		t.Run(fmt.Sprintf("down=%v", down), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				from := newIssuer()
				v := verifier(t, from.options())
				valid := known()
				want(t, v, "first", valid, nil)
				from.change(func(i *issuer) { i.down = down })
				unknown := signWith(jose.RS256, otherRSA(), "kid", lasting(), nil)
				_, rest, _ := strings.Cut(unknown, ".")
				for n := range 600 {
					token := part(fmt.Sprintf(`{"alg":"RS256","kid":"%d"}`, n)) + "." + rest
					if user, err := v.Verify(t.Context(), token); user != "" || err == nil {
						t.Fatal(user, err)
					}
					want(t, v, "a known key", valid, nil)
					time.Sleep(time.Second)
				}
				from.mu.Lock()
				defer from.mu.Unlock()
				n := 0
				for _, asked := range from.asked {
					n = max(n, asked)
				}
				if n < 30 || n > 61 { // ten minutes
					t.Errorf("%d fetches", n)
				}
			})
		})
	}
}

// A thousand first requests share one fetch, and it goes on if the one that began it is gone.
func TestOneFetchAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := newIssuer()
		from.delay = time.Second
		v := verifier(t, from.options())
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := v.Verify(first, known()); !errors.Is(err, context.Canceled) {
				t.Errorf("the first request ended with %v", err)
			}
		})
		synctest.Wait()
		valid := known()
		for range 1000 {
			all.Go(func() { want(t, v, "at the same time", valid, nil) })
		}
		synctest.Wait()
		leave()
		all.Wait()
		if n := from.fetches(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

// Without a key id, a token is of the issuer's only key of the kind, and of none if there are several.
func TestTokenWithoutKeyID(t *testing.T) {
	from := newIssuer()
	token := signWith(jose.RS256, rsaKey(), "", usual(), nil)
	for _, c := range []struct {
		name string
		keys []jose.JSONWebKey
		want error
	}{
		{"one key", []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: "rsa"}, {Key: ecKey().Public(), KeyID: "ec"}}, nil},
		{"two keys", []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: "rsa"}, {Key: otherRSA().Public(), KeyID: "new"}}, bearer.ErrRejected},
	} {
		from.keys = c.keys
		want(t, verifier(t, from.options()), c.name, token, c.want)
	}
}
