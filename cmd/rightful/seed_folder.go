package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// seedFolder is a seed to compare with a policy, or to apply to it.
type seedFolder struct {
	authz.Seed
	folder string
	policy []byte // the text of policy.csv; nil if there is none
}

// readSeedFolder reads a seed. Other files of the folder don't belong to it.
func readSeedFolder(folder string) (seedFolder, error) {
	seed, err := policycsv.ReadSeed(os.DirFS(folder))
	if err != nil {
		return seedFolder{}, inSeed(folder, err)
	}
	s := seedFolder{Seed: seed, folder: folder}
	s.policy, err = os.ReadFile(s.file("policy.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil && len(s.policy) > maxInput {
		err = fmt.Errorf("policy.csv has more than %d MiB", maxInput>>20)
	}
	if err != nil {
		return s, inSeed(folder, err)
	}
	return s, nil
}

func (s *seedFolder) file(name string) string { return filepath.Join(s.folder, name) }

// catalogOf returns the catalog of the seed for a policy in a database, which has none of its own. What a flag says
// stays.
func (s *seedFolder) catalogOf(from *source) string {
	if from.catalog == "" && from.db.address != "" && len(s.Catalog) > 0 {
		return s.file("permissions.csv")
	}
	return from.catalog
}

// groupNames are the groups that the policy of the seed names, by the rules of an import: only in a file where no
// field begins with "group:" are bare names on the right of a "g" line groups.
func (s *seedFolder) groupNames() map[string]bool {
	marked, bare := map[string]bool{}, map[string]bool{}
	for _, line := range s.Policy.Lines {
		for i, field := range line.Fields[1:] {
			name, isMarked := strings.CutPrefix(field, "group:")
			switch {
			case isMarked:
				marked[name] = true
			case line.Fields[0] == "g" && i == 1:
				bare[field] = true
			}
		}
	}
	if len(marked) == 0 {
		return bare
	}
	return marked
}
