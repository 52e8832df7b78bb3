package openapi

import "encoding/json"

// Merge is a member of a JSON merge patch (RFC 7396), which has three states: left out, null,
// and a value. The zero Merge is left out.
type Merge[T any] struct {
	Present bool // in the patch at all
	Null    bool // present as null: back to what it is when nobody says anything
	Value   T    // where present and not null
}

// Set returns the member that sets v. A nil slice is written as null, which empties as well.
func Set[T any](v T) Merge[T] { return Merge[T]{Present: true, Value: v} }

// Unset returns the member that is null.
func Unset[T any]() Merge[T] { return Merge[T]{Present: true, Null: true} }

// IsZero reports whether m is left out; omitzero asks it.
func (m Merge[T]) IsZero() bool { return !m.Present }

// MarshalJSON writes null or the value. A struct with omitzero never asks it for a member that
// is left out; elsewhere that is null as well.
func (m Merge[T]) MarshalJSON() ([]byte, error) {
	if !m.Present || m.Null {
		return []byte("null"), nil
	}
	return json.Marshal(m.Value)
}

// UnmarshalJSON takes null or a value. It isn't called for a member that is left out.
func (m *Merge[T]) UnmarshalJSON(data []byte) error {
	*m = Merge[T]{Present: true, Null: string(data) == "null"}
	if m.Null {
		return nil
	}
	return json.Unmarshal(data, &m.Value)
}
