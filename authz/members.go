package authz

import (
	"hash/maphash"
	"iter"
	"maps"
)

// userMap is an immutable map from users to V whose update costs what changes and not what
// it holds: users are spread over shards, and an update copies the shards it touches.
type userMap[V any] struct {
	shards []map[UserID]V // a power of two of them, or none
	size   int
}

// Shards are kept this full on average, so that copying one takes a few microseconds.
const shardFill = 128

var userSeed = maphash.MakeSeed()

func (m userMap[V]) shard(u UserID) int {
	return int(maphash.String(userSeed, string(u)) & uint64(len(m.shards)-1))
}

// get returns the value of u, and whether there is one. It doesn't allocate.
func (m userMap[V]) get(u UserID) (V, bool) {
	if len(m.shards) == 0 {
		var none V
		return none, false
	}
	v, ok := m.shards[m.shard(u)][u]
	return v, ok
}

// all yields every user, in no order.
func (m userMap[V]) all() iter.Seq2[UserID, V] {
	return func(yield func(UserID, V) bool) {
		for _, shard := range m.shards {
			for u, v := range shard {
				if !yield(u, v) {
					return
				}
			}
		}
	}
}

// edit begins an update. m stays as it is.
func (m userMap[V]) edit() *userMapEdit[V] {
	return &userMapEdit[V]{m: m}
}

// userMapEdit collects the updates that lead from one userMap to the next. Each shard is
// copied at most once, however many of its users change.
type userMapEdit[V any] struct {
	m     userMap[V]
	owned []bool // shards that are this edit's own; nil before the first write
}

func (e *userMapEdit[V]) get(u UserID) (V, bool) { return e.m.get(u) }

func (e *userMapEdit[V]) set(u UserID, v V) {
	if len(e.m.shards) == 0 {
		e.grow()
	}
	shard := e.own(u)
	before := len(shard)
	shard[u] = v
	e.m.size += len(shard) - before
	if e.m.size > shardFill*len(e.m.shards) {
		e.grow()
	}
}

func (e *userMapEdit[V]) remove(u UserID) {
	if _, ok := e.m.get(u); ok {
		delete(e.own(u), u)
		e.m.size--
	}
}

// own returns the shard of u, copied if it is still shared with the map of before.
func (e *userMapEdit[V]) own(u UserID) map[UserID]V {
	if e.owned == nil {
		e.m.shards = append([]map[UserID]V(nil), e.m.shards...)
		e.owned = make([]bool, len(e.m.shards))
	}
	i := e.m.shard(u)
	if !e.owned[i] {
		if e.m.shards[i] = maps.Clone(e.m.shards[i]); e.m.shards[i] == nil {
			e.m.shards[i] = make(map[UserID]V)
		}
		e.owned[i] = true
	}
	return e.m.shards[i]
}

// grow spreads the users over four times as many shards.
func (e *userMapEdit[V]) grow() {
	old := e.m
	e.m.shards = make([]map[UserID]V, max(1, 4*len(old.shards)))
	e.owned = make([]bool, len(e.m.shards))
	for u, v := range old.all() {
		e.own(u)[u] = v
	}
}

// done returns the updated map. The edit must not be used again.
func (e *userMapEdit[V]) done() userMap[V] { return e.m }
