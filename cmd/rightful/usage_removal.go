package main

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

// usageRemoval takes away what is unused.
type usageRemoval struct {
	subject usageSubject
	p       process
	policy  *policy
	flags   *usageFlags
	name    string
}

// plan says what the proposed operations would change, and with --remove carries them out. Without it, nothing is
// returned for a caller who may not carry them out.
func (r *usageRemoval) plan(ctx context.Context, usage openapi.Usage) (*written, error) {
	change, err := r.preview(ctx, usage)
	switch {
	case !r.flags.remove && isForbidden(err):
		return nil, nil
	case err != nil:
		return nil, err
	case !r.flags.remove || r.flags.dryRun:
		return &written{DryRun: true, Change: change}, nil
	}
	if r.p.terminal && !r.flags.yes {
		if err := r.confirm(ctx, change); err != nil {
			return nil, err
		}
	}
	done, err := r.flags.carryOut(r.policy, r.operate(ctx, usage))
	return &done, err
}

func isForbidden(err error) bool {
	var answer *client.Error
	return errors.As(err, &answer) && answer.Status == http.StatusForbidden
}

func (r *usageRemoval) operate(ctx context.Context, usage openapi.Usage) func(*client.Client) error {
	return func(c *client.Client) error {
		_, err := c.ApplyOperations(ctx, usage.Operations)
		return err
	}
}

func (r *usageRemoval) preview(ctx context.Context, usage openapi.Usage) (openapi.Change, error) {
	return r.policy.Preview(r.operate(ctx, usage))
}

// confirm shows a change and asks whether to make it. Meanwhile permissions may be used, and others may change the
// policy: then what was shown may no longer be what is unused.
func (r *usageRemoval) confirm(ctx context.Context, change openapi.Change) error {
	var text strings.Builder
	writeChange(&text, change)
	note(r.p.stderr, "%s", &text)
	if !answersYes(r.p, "Make this change?") {
		return noError{errors.New("nothing changed")}
	}
	usage, err := r.subject.read(ctx, r.policy.Client, r.name, int(r.flags.unusedFor))
	if err != nil {
		return err
	}
	var now openapi.Change
	if len(usage.Operations) > 0 {
		if now, err = r.preview(ctx, usage); err != nil {
			return err
		}
	}
	if !reflect.DeepEqual(now, change) {
		return conflictError{errors.New("the policy, or what is unused, changed before you answered, so something else would be removed now; run the command again")}
	}
	return nil
}
