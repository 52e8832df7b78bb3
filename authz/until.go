package authz

import (
	"cmp"
	"fmt"
	"math"
	"time"
)

// Until is when a membership ends, in microseconds since 1970, UTC. The zero value means that it doesn't end.
type Until int64

// UntilTime returns the Until of a time, cut to the microsecond. The zero time is no end.
func UntilTime(t time.Time) Until {
	if t.IsZero() {
		return 0
	}
	return Until(t.UnixMicro())
}

// lastTime is the end of the year 9999, the last time that JSON, RFC 3339 and most databases can express.
const lastTime = 253_402_300_799_999_999

// timeOf returns a time that a store has in microseconds since 1970. Another program can have written any number;
// times out of the years 0 to 9999, which no answer could contain, become the nearest that isn't.
func timeOf(micro int64) time.Time {
	const first = -62_167_219_200_000_000
	return time.UnixMicro(min(max(micro, first), lastTime)).UTC()
}

// possible returns the nearest end that a membership can have. Before 1970 is long ago, and 0 would be no end. An end
// after the year 9999 becomes the last possible one: that is earlier than what the table says, so nobody gets more, and
// the membership stays until somebody corrects its end. If it counted as ended, it would be deleted before that.
func (u Until) possible() Until { return min(max(u, 1), lastTime) }

// Time returns the time in UTC, and the zero time if there is no end.
func (u Until) Time() time.Time {
	if u == 0 {
		return time.Time{}
	}
	return timeOf(int64(u))
}

// Membership is a group that a user is to be in, and until when: 0 for no end. If Until is nil, it is that of
// [Admin.Until]; without that, a membership that stands keeps its end, and a new one doesn't end.
type Membership struct {
	Group GroupName
	Until *Until `json:",omitzero"`
}

// MembershipEnd says when the membership of a user in a group ends.
type MembershipEnd struct {
	User  UserID
	Group GroupName
	Until Until
}

func (e MembershipEnd) compare(other MembershipEnd) int {
	return cmp.Or(cmp.Compare(e.Until, other.Until), cmp.Compare(e.User, other.User), cmp.Compare(e.Group, other.Group))
}

// EndChange records that the membership of a user in a group ends at another time than before.
type EndChange struct {
	User   UserID    `json:"user"`
	Group  GroupName `json:"group"`
	Before Until     `json:"before,omitempty"`
	After  Until     `json:"after,omitempty"`
}

// membership is a user in a group.
type membership struct {
	user  UserID
	group GroupName
}

// forever is later than every end.
const forever Until = math.MaxInt64

// orForever returns the end, and forever if there is none.
func (u Until) orForever() Until {
	if u == 0 {
		return forever
	}
	return u
}

// orNever returns the end that a time of [Until.orForever] stands for.
func (u Until) orNever() Until {
	if u == forever {
		return 0
	}
	return u
}

func (c EndChange) compare(other EndChange) int {
	return cmp.Or(cmp.Compare(c.User, other.User), cmp.Compare(c.Group, other.Group))
}

// isLonger reports whether the membership lasts longer than before.
func (c EndChange) isLonger() bool { return c.After.orForever() > c.Before.orForever() }

// check returns an error if no policy can have the end.
func (c EndChange) check() error {
	if err := c.User.Check(); err != nil {
		return fmt.Errorf("the user %q %w", clip(string(c.User)), err)
	}
	if err := c.Group.Check(); err != nil {
		return fmt.Errorf("the group %q %w", clip(string(c.Group)), err)
	}
	if c.Before == c.After || c.Before < 0 || c.After < 0 {
		return fmt.Errorf("the membership of %q in %q has an impossible end", c.User, c.Group)
	}
	return nil
}

// maxTermYears is how far away the end of a membership can be.
const maxTermYears = 10

// fault returns why a membership can't get this end now, nil if it can.
func (u Until) fault(now Until) error {
	switch {
	case u <= now:
		return fmt.Errorf("the end %s is not in the future", u.Time().Format(time.RFC3339))
	case u > UntilTime(now.Time().AddDate(maxTermYears, 0, 0)):
		return fmt.Errorf("the end %s is more than %d years away", u.Time().Format(time.RFC3339), maxTermYears)
	}
	return nil
}

// term says how long the memberships that an operation makes last.
type term struct {
	given   bool  // without it, a membership keeps its end, and a new one doesn't end
	until   Until // 0 for no end
	extends bool  // a membership that lasts longer keeps its end
}

// after returns the end that a membership gets: has is false for a new one, and before its present end.
func (t term) after(has bool, before Until) Until {
	switch {
	case !t.given && has:
		return before
	case t.given && has && t.extends && before.orForever() > t.until.orForever():
		return before
	case t.given:
		return t.until
	}
	return 0
}
