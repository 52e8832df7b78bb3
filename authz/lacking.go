package authz

import "slices"

// lacking is what the actor lacks for a comparison: patterns of grants and of restrictions, and until when they would
// have to hold them.
type lacking struct {
	grants, restrictions map[Pattern]Until
	ends                 []Until // of the memberships that were compared; each of those times is one of them
}

func newLacking() lacking { return lacking{map[Pattern]Until{}, map[Pattern]Until{}, nil} }

func (l lacking) isEmpty() bool { return len(l.grants)+len(l.restrictions) == 0 }

// withEnds returns what the actor lacks for a user whose memberships have other ends that compare alike.
func (l lacking) withEnds(ends []Until) lacking {
	if slices.Equal(l.ends, ends) {
		return l
	}
	own := make(map[Until]Until, len(ends))
	for i, end := range l.ends {
		own[end] = ends[i]
	}
	translated := func(lacks map[Pattern]Until) map[Pattern]Until {
		list := make(map[Pattern]Until, len(lacks))
		for p, until := range lacks {
			list[p] = own[until].orForever()
		}
		return list
	}
	return lacking{translated(l.grants), translated(l.restrictions), ends}
}

// without returns what the actor lacks for a subject that other rules reach for as long, before and after the change.
func (l lacking) without(other reach) lacking {
	left := func(lacks, has map[Pattern]Until) map[Pattern]Until {
		list := map[Pattern]Until{}
		for p, until := range lacks {
			if has[p] < until {
				list[p] = until
			}
		}
		return list
	}
	return lacking{left(l.grants, other.grants), left(l.restrictions, other.restrictions), l.ends}
}

// maxShared bounds how many comparisons are remembered, since each can list thousands of patterns.
const maxShared = 100

// once returns what it computed for the same key.
func once(p *pace, known map[string]lacking, key string, compute func() lacking) (lacking, error) {
	if lacks, found := known[key]; found {
		return lacks, nil
	}
	if err := p.now(); err != nil {
		return lacking{}, err
	}
	if len(known) == maxShared {
		clear(known)
	}
	lacks := compute()
	known[key] = lacks
	return lacks, p.now()
}
