package authz

// Stats count what one engine has done since [Open], for monitoring: sum them over the instances of a
// service. They say nothing of other instances on the store.
type Stats struct {
	// Allowed, Denied, Anonymous and Expired are the decisions of [Engine.Decide], which guards ask, by what became of
	// them: anonymous ones had no user, and expired ones a policy older than [Options.MaxAge]. [Engine.Can] and a
	// [View] aren't counted: handlers call them for what to show, and counting would cost them more than deciding.
	Allowed, Denied, Anonymous, Expired uint64

	// Commits are the times that the store took to commit changes, failed attempts included, conflicts not.
	Commits Histogram
	// Conflicts are commits that the store refused because another instance or program was faster. Operations are
	// then tried again.
	Conflicts uint64
	// StoreErrors are calls of the store that failed or took too long. Those that their caller gave up aren't counted.
	StoreErrors uint64
	// ForeignWrites are changes by which this engine recorded what other programs had written to the tables.
	ForeignWrites uint64

	// DenialsRecorded are denials written to the store, DenialsLost those that the store didn't take, or that came
	// faster than it took them. Denials beyond the rate of one user are in neither; see [Engine.RecordDenial].
	DenialsRecorded, DenialsLost uint64

	// UsesRecorded are uses of permissions written to the store, each pair of a user and a permission about once a day.
	// UsesLost are those that came faster than the store took them, or were left when the engine was closed. Unless the
	// same use was recorded on that day before or after, it is missing. See [UsageOptions].
	UsesRecorded, UsesLost uint64

	// Notifier tells whether notifications arrive. Without them, changes by other instances are found by polling.
	Notifier NotifierState

	BadRows int // quarantined rows of the present policy

	// OpenRequests is how many access requests are open in the store, as last counted: at least every 30 seconds while
	// the store answers. 0 if requests are off.
	OpenRequests int
}

// NotifierState says whether the notifier of an engine works.
type NotifierState int

// The states of a notifier.
const (
	NotifierNone NotifierState = iota // [Options] have no notifier
	NotifierDown                      // it failed when last used and has given no hint since, or says that it isn't connected
	NotifierUp
)

// Stats returns the counts so far. It reads memory alone.
func (e *Engine) Stats() Stats {
	c := &e.counters
	open := 0
	if e.requests != nil {
		open = int(max(e.requests.open.Load(), 0))
	}
	return Stats{
		Allowed: c.decisions.sum(verdictAllowed), Denied: c.decisions.sum(verdictDenied),
		Anonymous: c.decisions.sum(verdictAnonymous), Expired: c.decisions.sum(verdictExpired),
		Commits: c.commits.histogram(), Conflicts: c.conflicts.Load(), StoreErrors: c.storeErrors.Load(),
		ForeignWrites:   c.foreignWrites.Load(),
		DenialsRecorded: c.denialsRecorded.Load(), DenialsLost: c.denialsLost.Load(),
		UsesRecorded: c.usesRecorded.Load(), UsesLost: c.usesLost.Load(),
		Notifier: e.notifierState(), BadRows: len(e.current.Load().badRows), OpenRequests: open,
	}
}

func (e *Engine) notifierState() NotifierState {
	if e.options.Notifier == nil {
		return NotifierNone
	}
	if n, ok := e.options.Notifier.(ConnectedNotifier); ok && !n.Connected() {
		return NotifierDown
	}
	if e.counters.unsubscribed.Load() || e.counters.unpublished.Load() {
		return NotifierDown
	}
	return NotifierUp
}
