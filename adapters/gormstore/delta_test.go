package gormstore_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// A large delta takes little of what a database takes at once, and comes back in the bytes that the hash covers.
func TestLargeDeltasAreCompressed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		var large strings.Builder
		for i := range 40_000 {
			fmt.Fprintf(&large, `{"kind":"member","subject":"user-%d","group":"Desk"},`, i*7919)
		}
		small := authz.Record{Revision: 1, Delta: []byte(`{"added":[]}`), Hash: []byte("1")}
		big := authz.Record{Revision: 2, Delta: []byte(large.String()), Hash: []byte("2")}
		for _, r := range []authz.Record{small, big} {
			onto, err := s.Position(t.Context())
			if err == nil {
				err = s.Commit(t.Context(), authz.Commit{Onto: onto, Record: r})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		records, err := s.Since(t.Context(), 0, 10, 0)
		if err != nil || len(records) != 2 || !bytes.Equal(records[0].Delta, small.Delta) || !bytes.Equal(records[1].Delta, big.Delta) {
			t.Fatalf("%d records: %v", len(records), err)
		}
		var stored int
		if err := d.Pool(t).QueryRow("SELECT LENGTH(delta) FROM rightful_changes WHERE revision = 2").Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if stored > len(big.Delta)/5 {
			t.Errorf("%d bytes take %d in the table", len(big.Delta), stored)
		}
		dbtest.Exec(t, d.Pool(t), "UPDATE rightful_changes SET delta = "+map[string]string{
			"sqlite": "x'1f8b00'", "postgres": `'\x1f8b00'`, "mysql": "x'1f8b00'",
		}[d.Kind]+" WHERE revision = 2")
		if records, err = s.Since(t.Context(), 1, 1, 0); err != nil || string(records[0].Delta) != "\x1f\x8b\x00" {
			t.Errorf("damaged: %v", err)
		}
	})
}
