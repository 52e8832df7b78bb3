package guard

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// asked is what became of the request that the user has made for what the page refuses.
type asked struct {
	Told   []word
	Reason string // why it was declined, in the words of who decided
	Next   string // what the user can do
	Waits  bool   // it is open, so asking again changes nothing
	Reload string // link to the page, if it may work by now
}

// word is a part of a sentence: text, a time or a user.
type word struct {
	Text string
	Time time.Time
	User bool
}

// asked returns what became of the newest request of the user for what was refused; nil if there is none, if the user
// has withdrawn it, or if the store doesn't say in time.
func (g *Guard) asked(r *http.Request, f Refusal, texts *Texts) *asked {
	for _, request := range g.requestsOf(r.Context(), f.User) {
		if !f.wasAskedFor(request) || g.options.Tell == TellNothing && request.Denial == "" { // a guess, which it would confirm
			continue
		}
		return g.tellOf(request, r, texts)
	}
	return nil
}

// wasAskedFor reports whether a request is for what was refused: for what the route requires, or for what was missing if
// the denial wasn't recorded.
func (f Refusal) wasAskedFor(r authz.AccessRequest) bool {
	return f.User == r.User && (r.OneIsEnough == f.question.OneIsEnough && sameSet(r.Permissions, f.question.Permissions) ||
		r.Denial == "" && sameSet(r.Permissions, f.toAskFor()))
}

// sameSet reports whether two lists have the same permissions.
func sameSet(a, b []authz.Permission) bool {
	sorted := func(list []authz.Permission) []authz.Permission {
		return slices.Compact(slices.Sorted(slices.Values(list)))
	}
	return len(a) > 0 && slices.Equal(sorted(a), sorted(b))
}

func (g *Guard) tellOf(r authz.AccessRequest, page *http.Request, t *Texts) *asked {
	by := word{Text: t.ByProgram}
	if r.DecidedBy.Kind == authz.ActorUser {
		by = word{Text: oneLine(r.DecidedBy.ID), User: true}
	}
	values := map[string]word{"{asked}": at(r.CreatedAt), "{decided}": at(r.DecidedAt), "{until}": at(r.Until), "{by}": by}
	switch r.State {
	case authz.RequestOpen:
		return &asked{Told: fill(t.AskedOn, values), Waits: true}
	case authz.RequestApproved:
		return g.tellOfApproved(r, page, t, values)
	case authz.RequestDeclined:
		return &asked{Told: fill(t.Declined, values), Reason: oneLine(r.Decision), Next: t.MayAskAgain}
	case authz.RequestExpired:
		return &asked{Told: fill(t.RequestExpired, values), Next: t.MayAskAgain}
	}
	return nil
}

// tellOfApproved tells of an approved request. The page is refused all the same: the decision was made before the
// approval arrived here, or what was given has ended or was taken away.
func (g *Guard) tellOfApproved(r authz.AccessRequest, page *http.Request, t *Texts, values map[string]word) *asked {
	text := t.Approved
	if !r.Until.IsZero() {
		text = t.ApprovedUntil
	}
	a := &asked{Told: fill(text, values), Next: t.StillDenied}
	view := g.engine.View()
	if view.Revision() < r.Revision || holds(view, r) {
		a.Next, a.Waits, a.Reload = t.TryNow, true, returnTo(page)
	}
	return a
}

// holds reports whether the user holds by now what a request asks for.
func holds(view *authz.View, r authz.AccessRequest) bool {
	if !r.OneIsEnough {
		return view.Can(r.User, r.Permissions...)
	}
	return slices.ContainsFunc(r.Permissions, func(p authz.Permission) bool { return view.Can(r.User, p) })
}

func at(t time.Time) word { return word{Text: t.UTC().Format("2006-01-02 15:04 UTC"), Time: t.UTC()} }

// fill puts values in place of their names in a text.
func fill(text string, values map[string]word) []word {
	var words []word
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		value, known := values["{"+name+"}"]
		if !found || !closed || !known {
			return append(words, word{Text: text})
		}
		words, text = append(words, word{Text: before}, value), after
	}
	return words
}

const (
	// A refusal waits for the store no longer than this.
	askedTimeout = 250 * time.Millisecond
	// Of the requests of a user, the newest are looked at.
	askedOfUser = 20
	// If so many refusals wait for the store, others don't ask it.
	askedAtOnce = 16
)

// requestsOf returns the newest requests of a user, newest first; none if the store doesn't return them in time. It
// returns in time even if the store doesn't.
func (g *Guard) requestsOf(ctx context.Context, user authz.UserID) []authz.AccessRequest {
	select {
	case g.asking <- struct{}{}:
	default:
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askedTimeout)
	defer cancel()
	answer := make(chan []authz.AccessRequest, 1)
	go func() {
		defer func() {
			if fault := recover(); fault != nil {
				g.limited.Error(ctx, "", "the store panicked", "panic", fmt.Sprint(fault))
			}
			<-g.asking
		}()
		// An error leaves the page without the request, and the engine reports it.
		list, _ := g.engine.AccessRequests(ctx, authz.RequestQuery{User: user, Limit: askedOfUser})
		answer <- list
	}()
	select {
	case list := <-answer:
		return list
	case <-ctx.Done():
		return nil
	}
}
