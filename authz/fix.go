package authz

// Fixes are the ways to give a user the permissions that they were denied; see [Admin.Fixes].
type Fixes struct {
	Revision Revision // of the policy that the fixes apply to
	List     []Fix    // the best first
	// More is set if there may be other fixes: more than ten of one kind, fixes that need five or more
	// groups, more combinations of groups than were tried, or, for more than 64 missing permissions,
	// every fix that needs groups.
	More bool
	// BadRows are the quarantined rows that deny the user everything, whatever is granted, until the
	// rows are completed or removed; see [Admin.RepairRows].
	BadRows []BadRow
}

// FixKind says what a [Fix] does. A fix that does several things has the last of their kinds.
type FixKind string

// The kinds of fixes, the best first.
const (
	FixAssign FixKind = "assign" // put the user into groups
	FixLift   FixKind = "lift"   // remove restrictions, or take the user out of the groups that have them
	FixGrant  FixKind = "grant"  // grant what is missing, to a group or to the user
)

// Fix is one way to give a user everything that was asked for. None of its operations can be omitted.
type Fix struct {
	Kind        FixKind
	Groups      []GroupName  // to put the user into
	Leaves      []GroupName  // to take the user out of, because of their restrictions
	Lifts       []Rule       // restrictions to remove from groups or from the user
	Permissions []Permission // to grant to Subject
	Subject     Subject      // the user, or a group that the user is in or is put into; "" without a grant
	Operations  []Operation  // that make up the fix, to be carried out in this order

	AlsoGives    []Permission // what the user gains beyond what was asked for; wildcards as in [UserImpact]
	AlsoTakes    []Permission // what the user loses, likewise
	Restrictions []Pattern    // what newly restricts the user
	// AlsoReaches are the other users who gain permissions, and what they gain: sorted by user, at
	// most 100 users.
	AlsoReaches      []UserImpact
	AlsoReachesCount int // of all such users

	Allowed bool // the actor may carry out the fix
	// Lacks is what the actor would also have to hold for that, by grants that no restriction
	// overlaps. If it is [Everything], only administrators can carry out the fix; they can carry out
	// every fix.
	Lacks []Pattern
}

// maxFixes bounds how many fixes of each rank are listed.
const maxFixes = 10
