package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

func auditVerifyCommand(p process, out *output) *cobra.Command {
	var db databaseFlags
	var key recordKey
	var heads heads
	var archives []string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Verify that no record of the audit log was altered",
		Long: `Replay the records of all changes, compare the result with the tables, and name the first
record that doesn't fit. Exit status 0 means that everything fits, 1 that something differs,
4 that the database can't be reached. The command writes nothing.

If another program wrote to the tables, and no instance of the service has recorded that
yet, the exit status is 1, too, but the message says so (in JSON, "unrecorded" in place of
"misfit" and "fault"). Verify again once an instance has run.

Archived records are missing from the database. Without their files, verify starts at the
checkpoint where the archive ends, and says so. With --archive, it replays everything.

Anyone who can write to the database can delete the newest records and undo their effects.
Only a copy of the head elsewhere reveals that. The head is the revision and the hash of the
newest record: the service logs it with each change, and this command prints the current one.
Compare copies with --head.`,
		Example: `  rightful audit verify --db postgres://app@db.example/desk
  rightful audit verify --db sqlite:policy.db --record-key key --head 482:9f86d081…`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := db.complete(p.getenv); err != nil {
				return err
			}
			return verify(cmd.Context(), p, out, db, key, heads, archives)
		},
	}
	db.addFlags(cmd)
	key.addFlag(cmd)
	cmd.Flags().Var(&heads, "head", "compare with this head, which you stored elsewhere, as `REVISION:HASH`; can be repeated")
	cmd.Flags().StringArrayVar(&archives, "archive", nil, "`file` of archived records, the oldest first; can be repeated")
	return cmd
}

func verify(ctx context.Context, p process, out *output, db databaseFlags, keyFile recordKey, heads heads, archives []string) error {
	key, err := keyFile.read()
	if err != nil {
		return err
	}
	store, err := db.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	position, err := store.Position(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", authz.ErrStoreUnavailable, err)
	}
	tellLong(p, int(position.Revision), "Replaying %d records", position.Revision)
	texts, closeAll, err := openArchives(archives)
	if err != nil {
		return err
	}
	defer closeAll()
	found, err := authz.AuditRecords(ctx, store, authz.AuditOptions{Key: key, Heads: heads, Archives: texts})
	n := found.Records
	result := verification{
		Fits: err == nil, From: found.From, Records: n, Checkpoints: found.Checkpoints,
		Revision: position.Revision, Hash: hex.EncodeToString(position.Hash),
	}
	var misfit *authz.Error
	switch {
	case err == nil && n == 0:
		return out.print(result, "There are no records yet.")
	case err == nil && found.From > 1:
		return out.print(result, "Verified %s: everything fits, from revision %d on. Earlier records are archived:\n"+
			"add their files with --archive to verify all. The head is %d:%s.",
			plural(n, "record"), found.From, result.Revision, result.Hash)
	case err == nil:
		return out.print(result, "Verified %s: everything fits. The head is %d:%s.", plural(n, "record"), result.Revision, result.Hash)
	case errors.Is(err, authz.ErrUnrecorded) && errors.As(err, &misfit):
		result.Unrecorded = misfit.Detail
		err = out.print(result, "Verified %s: all fit. But %s. Another program wrote this; an instance of the service records it when it runs.", plural(n, "record"), misfit.Detail)
		return cmp.Or(err, error(noError{}))
	case !errors.Is(err, authz.ErrRecordsDoNotFit) || !errors.As(err, &misfit):
		return err
	}
	result.Misfit, result.Fault = misfit.Revision, misfit.Detail
	err = out.print(result, "Verified %s. Revision %d doesn't fit: %s.", plural(n, "record"), misfit.Revision, misfit.Detail)
	if err != nil {
		return err
	}
	return noError{}
}

// verification is the result of audit verify.
type verification struct {
	Fits        bool           `json:"fits"`
	From        authz.Revision `json:"from"`        // the first record that was replayed
	Records     int            `json:"records"`     // that fit
	Checkpoints int            `json:"checkpoints"` // that fit
	Revision    authz.Revision `json:"revision"`
	Hash        string         `json:"hash"`
	Misfit      authz.Revision `json:"misfit,omitempty"` // the first revision whose record does not fit
	Fault       string         `json:"fault,omitempty"`
	// Unrecorded says what another program wrote to the tables that no instance has recorded yet.
	Unrecorded string `json:"unrecorded,omitempty"`
}
