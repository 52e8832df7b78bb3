package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// The bounds beyond which doctor warns.
const (
	maxClockDifference = 5 * time.Second
	maxHealthyAge      = 10 * time.Second // instances confirm the policy each second
)

// examine makes all checks. It returns an error if what is checked can't be reached.
func (c *checkup) examine(ctx context.Context, p *policy, s *source) error {
	began := time.Now()
	now, err := p.Status(ctx)
	if err != nil {
		return err
	}
	took := time.Since(began).Round(time.Millisecond)
	if p.store != nil {
		c.ok("reachable", "the database answers, and its tables have the version that this command needs")
	} else {
		c.ok("reachable", "the service answers")
	}
	if took > time.Second {
		c.add("latency", checkWarning, "look at the network and at the load of the server", "the status took %s", took)
	}
	if err := c.clock(ctx, p); err != nil {
		return err
	}
	c.age(now)
	if now.Store == nil {
		c.skip("store, rows, drift, head", "you lack rightful.changes:view: use the token of someone who holds it")
	} else {
		c.store(now)
		c.badRows(now)
		c.undeclared(now, s)
		c.drift(now, s)
		c.head(now)
	}
	return c.administrators(ctx, p)
}

// clock compares the clock of the database, by which memberships end, or else that of the service with this machine's.
func (c *checkup) clock(ctx context.Context, p *policy) error {
	var difference time.Duration
	switch at, known := p.answers.clockDifference(); {
	case p.store != nil:
		began := time.Now()
		position, err := p.store.Position(ctx)
		if err != nil {
			return fmt.Errorf("%w: %w", authz.ErrStoreUnavailable, err)
		}
		difference = time.UnixMicro(position.Now).Sub(began.Add(time.Since(began) / 2))
	case known:
		difference = at
	default:
		c.skip("clock", "the service sends no date")
		return nil
	}
	if difference.Abs() > maxClockDifference {
		c.add("clock", checkWarning, "synchronize the clocks with NTP: memberships end, and changes are dated, by the clock of the database",
			"it differs by %s from the clock of this machine", difference.Round(time.Second))
		return nil
	}
	c.ok("clock", "it agrees with the clock of this machine within %s", maxClockDifference)
	return nil
}

func (c *checkup) age(now openapi.Status) {
	age := time.Duration(now.AgeSeconds * float64(time.Second))
	if age > maxHealthyAge {
		c.add("age", checkWarning, "the instance can't read its store; it decides by the last policy that it read",
			"revision %d was confirmed %s ago", now.Revision, age.Round(time.Second))
		return
	}
	c.ok("age", "revision %d is confirmed", now.Revision)
}

func (c *checkup) store(now openapi.Status) {
	if now.Store.State != openapi.StoreStatusStateOK {
		c.away = true
		c.add("store", checkError, "restore the connection to the database: nothing can be changed until then", "it can't be reached: %s", now.Store.Detail)
		return
	}
	c.ok("store", "it answers")
}

func (c *checkup) badRows(now openapi.Status) {
	if n := now.BadRows.Count; n > 0 {
		c.add("bad rows", checkWarning, "rightful repair --db … lists them, and what completing or removing each would do",
			"%s; one that may be a restriction denies its subject everything", plural(n, "bad row"))
		return
	}
	c.ok("bad rows", "there are none")
}

func (c *checkup) undeclared(now openapi.Status, s *source) {
	switch n := now.Undeclared.Count; {
	case n > 0:
		c.add("undeclared permissions", checkWarning, "if the permission was renamed, use rightful rename-permission --db … OLD NEW, otherwise remove the rules; rightful status lists them",
			"%s for permissions that the catalog doesn't declare", are(n, "rule"))
	case s.service.address == "" && s.catalog == "":
		c.skip("undeclared permissions", "a database has no catalog: name one with --catalog")
	default:
		c.ok("undeclared permissions", "no rule names one")
	}
}

func (c *checkup) drift(now openapi.Status, s *source) {
	switch d := now.Drift; {
	case d.MissingCount+d.ExtraCount > 0:
		c.add("drift", checkWarning, "expected if administrators change the policy; if you keep the seed like code, compare with rightful diff, then apply the seed or export the policy",
			"the policy lacks %s of the seed and has %d that the seed lacks", plural(d.MissingCount, "rule"), d.ExtraCount)
	case s.service.address == "":
		c.skip("drift", "a database keeps no seed: compare a folder with rightful diff")
	case !d.Seeded:
		c.skip("drift", "the service has no seed")
	default:
		c.ok("drift", "the policy equals the seed")
	}
}

func (c *checkup) head(now openapi.Status) {
	c.add("audit log", checkOK, "store the head outside the database; rightful audit verify --head can then tell whether newer records were deleted",
		"the head is %d:%s", now.Revision, now.Head)
}

// administrators counts the members of Administrators whose membership doesn't end.
func (c *checkup) administrators(ctx context.Context, p *policy) error {
	const check = "administrators"
	members, err := all(p.Group(string(authz.Administrators)).Members(ctx))
	if client.Is(err, openapi.ProblemTypeForbidden) {
		c.skip(check, "you lack the rights to view users and groups: use the token of someone who holds rightful.users:view and rightful.groups:view")
		return nil
	}
	if err != nil {
		return err
	}
	var lasting []string
	for _, m := range members {
		if m.Until.IsZero() {
			lasting = append(lasting, m.User)
		}
	}
	switch len(lasting) {
	case 0:
		c.add(check, checkError, "appoint one with rightful bootstrap --db … USER", "Administrators has no permanent member")
	case 1:
		c.add(check, checkWarning, "add a second member to Administrators; if nobody can sign in as an administrator, use rightful bootstrap --db … USER",
			"%s is the only permanent one", lasting[0])
	default:
		c.ok(check, "there are %d: %s", len(lasting), firstNames(lasting))
	}
	return nil
}

// firstNames are the first of many names.
func firstNames(list []string) string {
	const shown = 5
	text := strings.Join(list[:min(shown, len(list))], ", ")
	if more := len(list) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
