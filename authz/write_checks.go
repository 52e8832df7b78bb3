package authz

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/rightful-go/rightful/internal/textcheck"
)

// draftAndCheck drafts the change, completes c with it, and holds it against every promise. It
// returns the policy after the change. Where several errors apply, the order of its steps decides
// which one is returned; [Admin] documents that order.
func (a Admin) draftAndCheck(ctx context.Context, w write, d *draft, c *Change) (*snapshot, error) {
	if err := a.checkTarget(ctx, w, d); err != nil {
		return nil, err
	}
	after, err := a.draftChange(w, d, c)
	if err != nil {
		return nil, err
	}
	if w.verify != nil {
		if err := w.verify(d, after, c); err != nil {
			return nil, err
		}
	}
	if err := a.checkChange(w, d, after, c.Delta); err != nil {
		return nil, err
	}
	if err := checkPromises(d.s, after); err != nil {
		return nil, err
	}
	return after, checkLeaving(ctx, a.engine.directory, after, a.engine.clock.now(), a.actor, c.Delta)
}

// checkTarget checks that the actor may carry out the operation, that its target exists, and that
// the target is at a version the caller expects.
func (a Admin) checkTarget(ctx context.Context, w write, d *draft) error {
	required := w.requirement(UserID(a.actor.ID))
	if w.prepare != nil {
		if err := w.prepare(ctx, &required, d.s); err != nil {
			return err
		}
	}
	if err := a.authorize(a.rights(d.s, d.from), required); err != nil {
		return err
	}
	return a.checkVersion(ctx, w.Operation, d.s)
}

// draftChange drafts the delta of the change, checks the values of the input and applies the delta.
func (a Admin) draftChange(w write, d *draft, c *Change) (*snapshot, error) {
	for _, text := range []struct{ what, text string }{
		{"reason", a.reason}, {"channel", a.channel}, {"name of the command", a.actor.ID},
	} {
		if err := textcheck.Check(text.text, 0, maxReason); err != nil {
			d.invalid("", fmt.Errorf("the %s %w", text.what, err))
		}
	}
	d.checkTerm("/until", a.term)
	if a.key != "" {
		switch err := CheckIdempotencyKey(a.key); {
		case w.Action != ActionBatch:
			d.invalid("", errors.New("only a batch can have an idempotency key"))
		case err != nil:
			d.invalid("", fmt.Errorf("the idempotency key %w", err))
		}
	}
	return d.advance(w, c)
}

// advance drafts the delta of a change, checks the values of the input, and applies the delta.
func (d *draft) advance(w write, c *Change) (*snapshot, error) {
	if err := w.draft(d); err != nil {
		return nil, err
	}
	if err := d.inputErr(); err != nil {
		return nil, err
	}
	var err error
	if c.Delta, err = d.sortedDelta(); err != nil {
		return nil, err
	}
	c.LeftOut, c.DroppedEnds = d.leftOut, d.droppedEnds
	u := c.update()
	u.pace = d.pace
	after, err := d.s.apply(u)
	switch {
	case d.now() != nil:
		return nil, d.now()
	case err != nil:
		return nil, bug(err)
	}
	return after, nil
}

// checkChange checks inheritance, then escalation, and then returns the conflict that the draft or
// the inheritance met.
func (a Admin) checkChange(w write, d *draft, after *snapshot, delta Delta) error {
	switch err := checkInheritance(d.pace, after, delta); {
	case errors.Is(err, ErrInvalid) && w.Action == ActionChangeRevert: // a revert has no input that could be invalid
		d.obstacle("it would make an inheritance chain too long: %v", err)
	case errors.Is(err, ErrInheritanceCycle):
		d.conflict = cmp.Or(d.conflict, err)
	case err != nil:
		return err
	}
	if a.actor.Kind == ActorUser {
		if err := checkEscalation(d.pace, a.rights(d.s, d.from), d.s, after, UserID(a.actor.ID), delta); err != nil {
			return err
		}
	}
	return d.conflict
}

// rights returns the policy that gives the actor their rights: the one that a change is drafted on, and the present one
// for a dry run on the past. Memberships that have ended give none.
func (a Admin) rights(s *snapshot, from *endings) *snapshot {
	switch {
	case a.at != nil:
		return a.engine.counted.Load()
	case from == nil: // the policy of a view
		return s
	}
	return a.engine.countedNow(from)
}

// authorize checks that the actor, if a user, has what is required.
func (a Admin) authorize(s *snapshot, r requirement) error {
	if a.actor.Kind != ActorUser {
		return nil
	}
	if a.engine.expired() {
		return fmt.Errorf("%w: the policy is older than Options.MaxAge allows", ErrStoreUnavailable)
	}
	view := &View{s: s, catalog: a.engine.catalog.Load()}
	return view.lacks(UserID(a.actor.ID), r)
}

func (a Admin) newDraft(ctx context.Context, s *snapshot) *draft {
	return &draft{
		pace: newPace(ctx), s: s, catalog: a.engine.catalog.Load(), actor: a.actor, creates: map[GroupName]bool{},
		term: a.term, time: a.engine.clock.now(),
	}
}
