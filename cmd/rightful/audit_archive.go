package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

func auditArchiveCommand(p process, out *output) *cobra.Command {
	var w writer
	var keep int64
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "archive FILE",
		Short: "Move old records to a file",
		Long: `Move the oldest records of the audit log to a new file, as JSON lines, compressed with gzip if
its name ends with ".gz". At least the newest --keep records stay. The archive ends at a
checkpoint; the service writes one about every 2,000 records. The command verifies the records
while it writes them, flushes the file to disk, and then deletes them in one recorded change,
which has their range and the SHA-256 of the uncompressed text.

After that, the API answers 404 for these revisions. Keep the file: rightful audit verify needs
it to replay all changes. If the command fails because the database can't be reached, keep the
file, too: the records may have been deleted.`,
		Example: `  rightful audit archive --db sqlite:policy.db --reason "older than a year" --keep 50000 policy-1.jsonl.gz`,
		Args:    oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if keep < 0 {
				return usageError{errors.New("--keep must not be negative")}
			}
			if dryRun {
				return printArchiveDue(cmd.Context(), p, out, &w, keep)
			}
			return archive(cmd.Context(), p, out, &w, args[0], keep)
		},
	}
	w.addFlags(cmd)
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "show what would be archived, and change nothing")
	cmd.Flags().Int64Var(&keep, "keep", 10_000, "keep at least this `number` of the newest records")
	return cmd
}

func archive(ctx context.Context, p process, out *output, w *writer, name string, keep int64) error {
	s, err := w.open(ctx, p)
	if err != nil {
		return err
	}
	defer s.close()
	file, err := createArchive(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.file.Close() }()
	through := s.engine.View().Revision() - authz.Revision(keep)
	change, err := s.Archive(ctx, through, file)
	switch {
	case err != nil && change.Revision > 0: // it may have been recorded
		return fmt.Errorf("%w; keep %s: its records may have been deleted from the database", err, name)
	case err != nil:
		return errors.Join(err, file.remove())
	case change.Revision == 0:
		if err := file.remove(); err != nil {
			return fmt.Errorf("remove the empty archive: %w", err)
		}
		return out.print(archived{}, "There are no records to archive: there is no checkpoint before revision %d.", max(through, 0)+1)
	}
	a := change.Delta.Archived
	result := archived{
		changed: changed{true, change.Revision}, File: name, From: a.From, Through: a.Through,
		Hash: hex.EncodeToString(a.Hash), Digest: hex.EncodeToString(a.Digest),
	}
	return out.print(result, "Archived records %d to %d in revision %d.\nSHA-256 of the text: %s", a.From, a.Through, change.Revision, result.Digest)
}

// printArchiveDue says which records an archive would take. The text goes nowhere.
func printArchiveDue(ctx context.Context, p process, out *output, w *writer, keep int64) error {
	s, err := w.open(ctx, p)
	if err != nil {
		return err
	}
	defer s.close()
	change, err := s.DryRun().Archive(ctx, s.engine.View().Revision()-authz.Revision(keep), nowhere{})
	if err != nil {
		return err
	}
	a := change.Delta.Archived
	if a == nil {
		return out.print(archived{}, "There are no records to archive.")
	}
	return out.print(archived{From: a.From, Through: a.Through}, "Dry run: nothing changed. Records %d to %d would be archived.", a.From, a.Through)
}

// nowhere is an [authz.ArchiveFile] that keeps nothing.
type nowhere struct{}

func (nowhere) Write(text []byte) (int, error) { return len(text), nil }
func (nowhere) Sync() error                    { return nil }

// archived is the result of audit archive.
type archived struct {
	changed
	File    string         `json:"file,omitempty"`
	From    authz.Revision `json:"from,omitempty"`
	Through authz.Revision `json:"through,omitempty"`
	Hash    string         `json:"hash,omitempty"`   // of the last archived record
	Digest  string         `json:"digest,omitempty"` // the SHA-256 of the text, uncompressed
}
