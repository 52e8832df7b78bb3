package authz

import (
	"cmp"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// rank orders plans by what they do, the best first.
type rank int

const (
	rankAssign rank = iota
	rankLift
	rankGrantGroup
	rankGrantUser
	rankAdministrators
)

func (p *plan) rank() rank {
	_, toGroup := p.subject.Group()
	switch {
	case slices.Contains(p.joins, Administrators):
		return rankAdministrators
	case toGroup:
		return rankGrantGroup
	case p.subject != "":
		return rankGrantUser
	case len(p.at.lifts)+len(p.at.leaves) > 0:
		return rankLift
	}
	return rankAssign
}

func (r rank) kind() FixKind {
	switch r {
	case rankLift:
		return FixLift
	case rankGrantGroup, rankGrantUser:
		return FixGrant
	default:
		return FixAssign
	}
}

// compare orders plans: by rank, then those without costs to the user first, then by how much they
// add, then by the number of memberships that they change; names make the order total.
func (p *plan) compare(q *plan) int {
	return cmp.Or(
		cmp.Compare(p.rank(), q.rank()),
		compareBool(p.outcome.costs(), q.outcome.costs()),
		cmp.Compare(p.cost(), q.cost()),
		cmp.Compare(len(p.at.leaves)+len(p.joins), len(q.at.leaves)+len(q.joins)),
		slices.CompareFunc(p.joins, q.joins, fold.Compare),
		fold.Compare(p.subject, q.subject),
		slices.CompareFunc(p.at.leaves, q.at.leaves, fold.Compare),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// cost is the number of permissions that the plan adds, summed over all users.
func (p *plan) cost() int {
	n := len(p.outcome.gains)
	if p.collateral != nil {
		n += p.collateral.added
	}
	return n
}
