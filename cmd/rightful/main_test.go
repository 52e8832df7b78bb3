package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
)

// office is a policy in a file: ana is its administrator.
func office(t *testing.T, key []byte) (address string, head authz.Head) {
	t.Helper()
	address = "sqlite:" + filepath.Join(t.TempDir(), "policy.db")
	store, err := database.Open(t.Context(), address, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := authz.Open(t.Context(), store, authz.Options{Bootstrap: "ana", RecordKey: key, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}); err != nil {
		t.Fatal(err)
	}
	head = engine.Status().Head
	_, _ = engine.Close(), store.Close()
	return address, head
}

// try calls the command and expects an exit code. What it said is its output, or what it said of
// errors where the code isn't 0.
func try(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	got := run(context.Background(), args, environment{func(string) string { return "" }, &out, &errs})
	if got != code {
		t.Fatalf("rightful %s ended with %d: %s%s", strings.Join(args, " "), got, &out, &errs)
	}
	if code == succeeded {
		return out.String()
	}
	return errs.String()
}

// can reports what someone may do by the policy at an address.
func can(t *testing.T, address string, user authz.UserID) bool {
	t.Helper()
	store, err := database.Open(t.Context(), address, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	engine, err := authz.Open(t.Context(), store, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	return engine.Can(user, "a:b")
}

func execute(t *testing.T, address, statement string) {
	t.Helper()
	db, err := sql.Open(sqlite.DriverName, strings.TrimPrefix(address, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestMigrate(t *testing.T) {
	address := "sqlite:" + filepath.Join(t.TempDir(), "policy.db")
	if said := try(t, failed, "audit", "verify", "-db", address); !strings.Contains(said, "version 0") {
		t.Errorf("%s", said)
	}
	try(t, succeeded, "migrate", "-db", address)
	try(t, succeeded, "migrate", "-db", address)
	try(t, succeeded, "audit", "verify", "-db", address)
	for _, kind := range []string{"sqlite:nowhere", "postgres://nobody@nowhere/x", "postgresql://nobody@nowhere/x", "mysql://nobody@nowhere/x"} {
		sql := try(t, succeeded, "migrate", "-db", kind, "-prefix", "acme", "-print")
		if !strings.Contains(sql, "acme_rightful_state") || !strings.Contains(sql, "-- To version 2.") {
			t.Errorf("%s: %s", kind, sql)
		}
	}
	if said := try(t, misused, "migrate", "-db", "oracle:x", "-print"); !strings.Contains(said, "sqlite, postgres and mysql") {
		t.Errorf("%s", said)
	}
}

func TestBootstrap(t *testing.T) {
	address, _ := office(t, nil)
	if said := try(t, succeeded, "bootstrap", "-db", address, "-reason", "ana has left", "eve"); !strings.Contains(said, "revision 4") {
		t.Errorf("%s", said)
	}
	if !can(t, address, "eve") {
		t.Error("eve is no administrator")
	}
	if said := try(t, succeeded, "bootstrap", "-db", address, "-o", "json", "eve"); said != "{\"changed\":false,\"revision\":0}\n" {
		t.Errorf("%s", said)
	}
	try(t, misused, "bootstrap", "-db", address)
	try(t, misused, "bootstrap", "-db", address, "eve", "bob")
	if said := try(t, failed, "bootstrap", "-db", address, "group:x"); !strings.Contains(said, "group:") {
		t.Errorf("%s", said)
	}
}

// With another key than the host's, the records would not fit from there on.
func TestWritingNeedsTheKeyOfTheRecords(t *testing.T) {
	address, _ := office(t, []byte("the host's"))
	file := filepath.Join(t.TempDir(), "key")
	for _, key := range []string{"", "another"} {
		args := []string{"bootstrap", "-db", address}
		if key != "" {
			if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, "-record-key", file)
		}
		if said := try(t, failed, append(args, "eve")...); !strings.Contains(said, "-record-key") {
			t.Errorf("%s", said)
		}
	}
	if err := os.WriteFile(file, []byte("the host's"), 0o600); err != nil {
		t.Fatal(err)
	}
	try(t, succeeded, "bootstrap", "-db", address, "-record-key", file, "eve")
	try(t, succeeded, "audit", "verify", "-db", address, "-record-key", file)
	try(t, failed, "audit", "verify", "-db", address)
}

// A verification finds what others wrote before anything takes it in, and writes nothing itself.
func TestAuditVerify(t *testing.T) {
	address, head := office(t, nil)
	kept := fmt.Sprintf("%d:%x", head.Revision, head.Hash)
	if said := try(t, succeeded, "audit", "verify", "-db", address, "-head", kept); !strings.Contains(said, kept) {
		t.Errorf("%s", said)
	}
	other := fmt.Sprintf("2:%x", head.Hash)
	if said := try(t, failed, "audit", "verify", "-db", address, "-head", kept, "-head", other); !strings.Contains(said, "revision 2") {
		t.Errorf("%s", said)
	}
	execute(t, address, "INSERT INTO casbin_rule (ptype, v0, v1, v2, v3) VALUES ('p', 'eve', 'a', 'b', 'allow')")
	for range 2 {
		if said := try(t, failed, "audit", "verify", "-db", address); !strings.Contains(said, "a grant of \"eve\" that no record added") {
			t.Errorf("%s", said)
		}
	}
	if !can(t, address, "eve") { // an engine takes it in, on record
		t.Error("it wasn't taken in")
	}
	try(t, succeeded, "audit", "verify", "-db", address)
	execute(t, address, "UPDATE rightful_changes SET reason = 'forged' WHERE revision = 2")
	var out bytes.Buffer
	code := run(t.Context(), []string{"audit", "verify", "-db", address, "-o", "json"}, environment{os.Getenv, &out, &bytes.Buffer{}})
	var result verified
	if err := json.Unmarshal(out.Bytes(), &result); err != nil || code != failed || result.Fits || result.Records != 1 || result.Misfit != 2 {
		t.Errorf("%d, %v: %s", code, err, &out)
	}
	try(t, misused, "audit", "verify", "-db", address, "-head", "2:abc")
}

func TestRepair(t *testing.T) {
	address, _ := office(t, nil)
	execute(t, address, "INSERT INTO casbin_rule (id, ptype, v0) VALUES (70, 'p', 'eve'), (71, 'x', 'ben')")
	if said := try(t, succeeded, "repair", "-db", address, "71"); !strings.Contains(said, "71: x, ben") || !strings.Contains(said, "1 rows") {
		t.Errorf("%s", said)
	}
	if said := try(t, succeeded, "repair", "-db", address); !strings.Contains(said, "70: p, eve") {
		t.Errorf("%s", said)
	}
	if said := try(t, succeeded, "repair", "-db", address); !strings.Contains(said, "so already") {
		t.Errorf("%s", said)
	}
	try(t, misused, "repair", "-db", address, "seventy")
	try(t, succeeded, "audit", "verify", "-db", address)
}

func TestMisuse(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"audit"},
		{"verify"},
		{"Migrate"},
		{"migrate"},
		{"migrate", "-db"},
		{"migrate", "-x"},
		{"migrate", "-db", "sqlite:x", "y"},
		{"migrate", "-db", "sqlite:x", "-o", "xml"},
	} {
		if said := try(t, misused, args...); said == "" {
			t.Errorf("%q says nothing", args)
		}
	}
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}, {"bootstrap", "-h"}} {
		try(t, succeeded, args...)
	}
	if said := try(t, failed, "migrate", "-db", "nonsense"); !strings.Contains(said, "sqlite:PATH") {
		t.Errorf("%s", said)
	}
}

// The address may come from the environment, where no list of processes shows its password.
func TestAddressFromTheEnvironment(t *testing.T) {
	address, _ := office(t, nil)
	var out bytes.Buffer
	getenv := func(name string) string { return map[string]string{"RIGHTFUL_DB": address}[name] }
	if code := run(t.Context(), []string{"audit", "verify"}, environment{getenv, &out, &out}); code != succeeded {
		t.Errorf("%d: %s", code, &out)
	}
}
