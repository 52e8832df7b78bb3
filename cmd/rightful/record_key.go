package main

import (
	"context"
	"fmt"
	"os"

	"github.com/rightful-go/rightful/authz"
	"github.com/spf13/cobra"
)

// recordKey names the file that holds the key of the records, see [authz.Options].
type recordKey struct{ file string }

func (k *recordKey) addFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.file, "record-key", "", "`file` with the record key, if the service uses one (Options.RecordKey)")
}

// read returns the key, nil if there is none.
func (k *recordKey) read() ([]byte, error) {
	if k.file == "" {
		return nil, nil
	}
	key, err := os.ReadFile(k.file)
	if err != nil {
		return nil, fmt.Errorf("read the record key: %w", err)
	}
	if len(key) == 0 {
		return nil, fmt.Errorf("the file with the record key is empty: %s", k.file)
	}
	return key, nil
}

// checkKey fails if the last record was hashed with another key. A record written with the wrong
// key would break the chain for good.
func checkKey(ctx context.Context, store authz.Store, key []byte) error {
	last, err := store.Before(ctx, authz.RecordQuery{Limit: 2})
	if err != nil {
		return fmt.Errorf("%w: %w", authz.ErrStoreUnavailable, err)
	}
	if len(last) == 0 {
		return nil
	}
	var before []byte
	if len(last) > 1 {
		before = last[1].Hash
	} else if before, err = archivedHash(ctx, store, last[0].Revision-1); err != nil {
		return err
	}
	if !last[0].Follows(before, key) {
		return fmt.Errorf("the record of revision %d was not hashed with this key: use --record-key with the key of the service; "+
			"if the key is right, the record was altered: see rightful audit verify", last[0].Revision)
	}
	return nil
}

// archivedHash returns the hash of an archived record, which its checkpoint keeps; none if there is no checkpoint.
func archivedHash(ctx context.Context, store authz.Store, r authz.Revision) ([]byte, error) {
	checkpoints, ok := authz.StoreAs[authz.CheckpointStore](store)
	if !ok {
		return nil, nil
	}
	list, err := checkpoints.Checkpoints(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", authz.ErrStoreUnavailable, err)
	}
	for _, c := range list {
		if c.Revision == r {
			return c.Hash, nil
		}
	}
	return nil, nil
}
