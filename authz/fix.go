package authz

// Fixes are the ways to let a user do what they were denied; see [Admin.Fixes].
type Fixes struct {
	Revision Revision
	List     []Fix // in the order in which to consider them
	// More is set where there are ways beyond those listed: more than ten of one kind, groups
	// that do only five or more together, more combinations of groups than were tried, or more
	// than 64 permissions missing at once, for which groups aren't looked for.
	More bool
	// BadRows deny the user everything, whatever is granted, until they are mended or removed;
	// see [Admin.RemoveBadRows].
	BadRows []BadRow
}

// FixKind says what a [Fix] does. One that does several things is of the last of their kinds.
type FixKind string

// The kinds of fixes, in the order in which to consider them.
const (
	FixAssign FixKind = "assign" // put the user into groups
	FixLift   FixKind = "lift"   // get restrictions out of the way
	FixGrant  FixKind = "grant"  // grant what is missing, to a group or to the user
)

// Fix is one way to let a user do all that was asked. None of its operations can be left out.
type Fix struct {
	Kind        FixKind
	Groups      []GroupName  // that the user is put into
	Leaves      []GroupName  // that the user is taken out of, as they bring restrictions
	Lifts       []Rule       // restrictions that are taken from a group or from the user
	Permissions []Permission // that are granted to Holder
	Subject     Subject      // a group that the user is in, or is put into, or the user
	Operations  []Operation  // that do it, in this order

	AlsoGives    []Permission // what the user will hold besides what was asked
	AlsoTakes    []Permission // what the user holds and won't any more
	Restrictions []Pattern    // that come to the user with the groups
	// AlsoReaches are the others who will hold more, and what: by user, at most 100 of them.
	AlsoReaches      []UserImpact
	AlsoReachesCount int // all of them

	Allowed bool // the one who asks may carry it out
	// Lacks is what else the one who asks would have to hold for that, by grants that no
	// restriction overlaps. Administrators may carry out every fix; where Lacks is [Everything],
	// they alone.
	Lacks []Pattern
}

// maxFixes bounds how many fixes of one rank are listed.
const maxFixes = 10
