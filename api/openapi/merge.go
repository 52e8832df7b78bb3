package openapi

import "encoding/json"

// Merge is a member of a JSON merge patch (RFC 7396). It has three states: absent, null, and a
// value. The zero Merge is absent.
type Merge[T any] struct {
	Present bool // the patch has the member
	Null    bool // the member is null, which resets it
	Value   T    // the value, if the member is present and not null
}

// Set returns a member with a value. A nil slice is written as null, which empties the list too.
func Set[T any](v T) Merge[T] { return Merge[T]{Present: true, Value: v} }

// Unset returns a member that is null.
func Unset[T any]() Merge[T] { return Merge[T]{Present: true, Null: true} }

// IsZero reports whether m is absent. The struct tag omitzero calls it.
func (m Merge[T]) IsZero() bool { return !m.Present }

// MarshalJSON writes null or the value. A field with omitzero is not written if m is absent; any
// other field is then null.
func (m Merge[T]) MarshalJSON() ([]byte, error) {
	if !m.Present || m.Null {
		return []byte("null"), nil
	}
	return json.Marshal(m.Value)
}

// UnmarshalJSON reads null or a value. Decoders don't call it for an absent member.
func (m *Merge[T]) UnmarshalJSON(data []byte) error {
	*m = Merge[T]{Present: true, Null: string(data) == "null"}
	if m.Null {
		return nil
	}
	return json.Unmarshal(data, &m.Value)
}
