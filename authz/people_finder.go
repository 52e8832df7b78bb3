package authz

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/rightful-go/rightful/internal/lograte"
)

const (
	maxPeople       = 500                    // asked for in one call of a directory
	maxPeopleFound  = 100                    // by one search
	maxPeopleCalls  = 8                      // at once
	maxSearches     = 4                      // of them
	maxPersonText   = 200                    // code points of a name or an address
	peopleTimeout   = 500 * time.Millisecond // of one call, and of the wait for others
	peopleRestAfter = 5 * time.Second        // without calls after one that failed
)

// peopleFinder asks the host's directory for names. Whatever that does, an answer waits for at most
// peopleTimeout and goes on without names: the directory may fail, panic, or never return.
type peopleFinder struct {
	directory PeopleDirectory
	log       *lograte.Logger
	started   time.Time
	calls     chan struct{} // full while as many calls as are allowed haven't returned
	// Anybody who may see users can make searches slow, so they take no more than their share of the calls, and rest
	// apart from the names that everybody reads.
	names, searches peopleCalls
}

// peopleCalls are the calls of one kind.
type peopleCalls struct {
	running   chan struct{} // full while as many as are allowed haven't returned
	restUntil atomic.Int64  // as a duration since the start of the finder: no calls before that
}

// newPeopleFinder returns nil if the directory knows no names.
func newPeopleFinder(directory Directory, log *lograte.Logger) *peopleFinder {
	people, ok := directory.(PeopleDirectory)
	if !ok {
		return nil
	}
	return &peopleFinder{
		directory: people, log: log, started: time.Now(), calls: make(chan struct{}, maxPeopleCalls),
		names: peopleCalls{running: make(chan struct{}, maxPeopleCalls)}, searches: peopleCalls{running: make(chan struct{}, maxSearches)},
	}
}

// people asks for the names of users.
func (f *peopleFinder) people(ctx context.Context, users []UserID) []Person {
	if f == nil {
		return nil
	}
	return f.ask(ctx, &f.names, func(ctx context.Context) ([]Person, error) { return f.directory.People(ctx, users) })
}

// find asks for the people that a text finds.
func (f *peopleFinder) find(ctx context.Context, text string) []Person {
	if f == nil {
		return nil
	}
	return f.ask(ctx, &f.searches, func(ctx context.Context) ([]Person, error) { return f.directory.FindPeople(ctx, text, maxPeopleFound) })
}

// ask calls the directory. If it fails, ask logs that, returns nothing, and makes no call of the kind for a while.
func (f *peopleFinder) ask(ctx context.Context, kind *peopleCalls, call func(context.Context) ([]Person, error)) []Person {
	if time.Since(f.started) < time.Duration(kind.restUntil.Load()) {
		return nil
	}
	within, cancel := context.WithTimeout(ctx, peopleTimeout)
	defer cancel()
	select {
	case kind.running <- struct{}{}:
	case <-within.Done():
		return nil
	}
	select {
	case f.calls <- struct{}{}:
	case <-within.Done():
		<-kind.running
		return nil
	}
	type answer struct {
		list []Person
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // a directory that doesn't watch its context must not hold up the answer
		defer func() { <-f.calls; <-kind.running }()
		defer func() {
			if fault := recover(); fault != nil {
				answers <- answer{err: fmt.Errorf("the directory panicked: %v", fault)}
			}
		}()
		list, err := call(within)
		answers <- answer{list, err}
	}()
	var a answer
	select {
	case a = <-answers:
	case <-within.Done():
		a.err = within.Err()
	}
	if a.err != nil && ctx.Err() == nil {
		kind.restUntil.Store(int64(time.Since(f.started) + peopleRestAfter))
		f.log.Warn(ctx, "", "the directory gives no names; lists are shown without them", "error", a.err)
	}
	if a.err != nil {
		return nil
	}
	return a.list
}

// displayed returns the person with texts that can be shown anywhere.
func (p Person) displayed() Person {
	return Person{p.ID, displayText(p.Name), displayText(p.Email)}
}

func displayText(s string) string {
	if limit := maxPersonText * 4 * 2; len(s) > limit { // no more work than for a legal text
		s = s[:limit]
	}
	s = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if runes := []rune(s); len(runes) > maxPersonText {
		s = string(runes[:maxPersonText])
	}
	return strings.TrimSpace(s)
}
