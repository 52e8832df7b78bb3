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
		Short: "Verify the records against the tables",
		Long: `Replay the records of all changes, compare the result with the tables, and name the first
record that does not fit. Exit status 0 means that everything fits, 1 that something
differs, 4 that the database cannot be reached. The command writes nothing.

If another program wrote to the tables, and no instance of the service has recorded that
yet, the exit status is 1 as well, but the message says so (with -o json, "unrecorded" in
place of "misfit" and "fault"): once an instance has run, verify again.

Records that were archived are missing from the database. Without their files, verify starts
at the checkpoint that the archive left, and says so. With them, it replays everything.

Anyone who can write to the database can cut off the newest records together with their
effects. Only a head that was kept elsewhere shows that: the service logs one with each
change, and this command prints the current one. Give kept heads with --head.`,
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
	cmd.Flags().Var(&heads, "head", "head that was kept elsewhere, as `REVISION:HASH`; can be repeated")
	cmd.Flags().StringArrayVar(&archives, "archive", nil, "`file` of archived records, from the first one on; can be repeated")
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
		return out.print(result, "Verified %s: everything fits, and the policy is proven from revision %d on. The records before it are archived;\n"+
			"give their files with --archive to prove it from the first record on. The head is %d:%s.",
			plural(n, "record"), found.From, result.Revision, result.Hash)
	case err == nil:
		return out.print(result, "Verified %s: everything fits. The head is %d:%s.", plural(n, "record"), result.Revision, result.Hash)
	case errors.Is(err, authz.ErrUnrecorded) && errors.As(err, &misfit):
		result.Unrecorded = misfit.Detail
		err = out.print(result, "Verified %s, all of which fit. But %s. Another program wrote that; an instance of the service records it when it runs.", plural(n, "record"), misfit.Detail)
		return cmp.Or(err, error(noError{}))
	case !errors.Is(err, authz.ErrRecordsDoNotFit) || !errors.As(err, &misfit):
		return err
	}
	result.Misfit, result.Fault = misfit.Revision, misfit.Detail
	err = out.print(result, "Verified %s. Revision %d does not fit: %s.", plural(n, "record"), misfit.Revision, misfit.Detail)
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
