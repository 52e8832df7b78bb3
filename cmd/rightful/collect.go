package main

import (
	"iter"
	"time"
)

// all collects the items of all pages.
func all[T any](pages iter.Seq2[T, error]) ([]T, error) {
	list := []T{}
	for item, err := range pages {
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, nil
}

// date is how tables show a time: as RFC 3339 has it, in UTC, nothing for the zero time.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
