package memory

import (
	"cmp"
	"slices"

	"github.com/rightful-go/rightful/authz"
)

// record is a record with the keys of its commit.
type record struct {
	authz.Record
	keys []string
}

func byRevision(r record, revision authz.Revision) int { return cmp.Compare(r.Revision, revision) }

// clone returns a copy for a caller.
func (r record) clone() authz.Record {
	r.Delta, r.Hash = slices.Clone(r.Delta), slices.Clone(r.Hash)
	return r.Record
}

// selectedBy reports whether a query selects the record, apart from its revision.
func (r record) selectedBy(q authz.RecordQuery) bool {
	if q.Since != 0 && r.At < q.Since || q.Until != 0 && r.At >= q.Until {
		return false
	}
	for _, list := range q.Keys {
		if !slices.ContainsFunc(list, func(key string) bool { return slices.Contains(r.keys, key) }) {
			return false
		}
	}
	return true
}
