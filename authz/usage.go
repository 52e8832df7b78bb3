package authz

import "time"

// Day is a day of the UTC calendar: the number of days since January 1, 1970.
type Day int

const secondsPerDay = 24 * 60 * 60

// DayOf returns the day of a time after 1970.
func DayOf(t time.Time) Day { return Day(t.Unix() / secondsPerDay) }

// Start returns the time at which the day begins.
func (d Day) Start() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// String returns the day in the form 2006-01-02.
func (d Day) String() string { return d.Start().Format(time.DateOnly) }

// UsageOptions configure whether the engine records on which day each user last used each permission. The
// zero value records nothing. What is recorded is personal data: it shows on which days someone worked.
type UsageOptions struct {
	// On turns recording on, if the store is a [UsageStore]. It must be on for every instance of the
	// application: what another instance allows counts as unused otherwise.
	On bool

	// MaxAge is how long the last use of a permission is kept; 400 days when zero. Days are whole.
	MaxAge time.Duration

	// MaxCount is how many pairs of a user and a permission are kept, those used last; 1,000,000 when
	// zero. At most a hundredth of them are of one user, or ten if that is more. Until older ones are deleted,
	// each instance can add some tens of thousands more. What was last used on or before a day whose uses were
	// deleted is unknown, so with too small a bound little counts as unused.
	MaxCount int
}

const (
	defaultUsageAge   = 400 * 24 * time.Hour
	defaultUsageCount = 1_000_000
	usageUserShare    = 100
	usageUserLeast    = 10
)

// bounds returns which uses are kept on a day.
func (o UsageOptions) bounds(today Day) UsageBounds {
	count := o.MaxCount
	if count <= 0 {
		count = defaultUsageCount
	}
	age := max(1, Day(orDefault(o.MaxAge, defaultUsageAge)/(24*time.Hour)))
	return UsageBounds{Since: today - age, CountOfUser: max(count/usageUserShare, usageUserLeast), Count: count}
}

// UsageBounds say which uses a store keeps: those that are within all three bounds.
type UsageBounds struct {
	Since       Day // older ones are deleted
	CountOfUser int // the last of each user that are kept
	Count       int // the last of the others that are kept
}

// Use is the last use of a permission by a user that is known.
type Use struct {
	User       UserID
	Permission Permission
	Day        Day
}

// UsagePeriod is a period in which uses were recorded on every day. It is zero if none were recorded.
type UsagePeriod struct {
	// Since is the first day, of which uses may be missing. All later uses are known, except those that were lost; see
	// [Stats.UsesLost].
	Since Day
	Until Day // the last day
}
