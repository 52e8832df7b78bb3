package client_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func TestPagesAreIterated(t *testing.T) {
	ctx := t.Context()
	s := newService(t)
	c := s.as(t, "ana")
	var want []string
	for i := range 230 {
		want = append(want, fmt.Sprintf("user%03d", i))
	}
	must[openapi.Members](t)(c.Group("Administrators").ChangeMembers(ctx, openapi.MembersDelta{Add: want}))
	var got []string
	for member, err := range c.Group("Administrators").Members(ctx) {
		ok(t, err)
		got = append(got, member.User)
	}
	if !slices.Equal(got, append([]string{"ana"}, want...)) {
		t.Errorf("got %d members: %v", len(got), got)
	}
	s.seen = nil
	for range c.Users(ctx, "user") {
		break
	}
	if len(s.seen) != 1 {
		t.Errorf("%d requests for one user", len(s.seen))
	}
	n := 0
	for _, err := range c.Users(ctx, "user2") {
		ok(t, err)
		n++
	}
	for _, err := range c.Groups(ctx, "") {
		ok(t, err)
		n++
	}
	for _, err := range c.Permissions(ctx, "", "groups:view") {
		ok(t, err)
		n++
	}
	for _, err := range c.Changes(ctx, client.ChangeFilter{}) {
		ok(t, err)
		n++
	}
	if n < 30+1+1+2 {
		t.Errorf("%d items", n)
	}
	for _, err := range s.as(t, "cleo").Users(ctx, "") {
		if !client.Is(err, openapi.ProblemTypeForbidden) {
			t.Errorf("without the right: %v", err)
		}
	}
}

// Denials are listed, and read by id.
func TestDenialsAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), newService(t)
		c, made := s.as(t, "ana"), map[string]bool{}
		for i := range 130 { // more than a page
			made[string(s.engine.RecordDenial(s.engine.Decide(authz.Question{
				User: authz.UserID(fmt.Sprintf("u%d", i%65)), Permissions: []authz.Permission{"a:b"},
			}), "GET", "/x").ID)] = true
		}
		time.Sleep(time.Second)
		n := 0
		for d, err := range c.Denials(ctx, "") {
			ok(t, err)
			if n++; !made[d.ID] {
				t.Errorf("unexpected denial %+v", d)
			}
		}
		if n != 130 {
			t.Errorf("%d of 130 are listed", n)
		}
		for d, err := range c.Denials(ctx, "u7") {
			ok(t, err)
			read := must[openapi.Denial](t)(c.Denial(ctx, d.ID))
			if d.AllowedNow != nil || read.AllowedNow == nil || *read.AllowedNow || read.User != "u7" || read.At != d.At {
				t.Errorf("read is %+v, listed %+v", read, d)
			}
			n++
		}
		if n != 132 {
			t.Errorf("%d of 2 are the user's", n-130)
		}
		if _, err := c.Denial(ctx, "X"); !client.Is(err, openapi.ProblemTypeNotFound) {
			t.Errorf("for none: %v", err)
		}
	})
}
