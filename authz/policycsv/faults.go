package policycsv

import (
	"strconv"

	"github.com/rightful-go/rightful/authz"
)

// maxListed is how many lines an [authz.ImportError] lists.
const maxListed = 1000

// faults are the bad lines of a file, in order. All are counted; those that nobody will be
// shown carry no text of their own, so that a file of nothing but faults stays affordable.
type faults []authz.LineError

func (f *faults) add(line int, detail string) {
	if len(*f) >= maxListed {
		detail = "can't be read either; mend the lines before it first"
	}
	*f = append(*f, authz.LineError{Line: line, Detail: detail})
}

// err returns the faults as an [*authz.ImportError], nil if there are none.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return &authz.ImportError{Lines: f[:min(len(f), maxListed)], Count: len(f)}
}

// excerpt quotes what stands in a file for a message, and not more of it than helps.
func excerpt(s string) string {
	const most = 40
	count := 0
	for i := range s {
		if count == most {
			return strconv.Quote(s[:i]) + "…"
		}
		count++
	}
	return strconv.Quote(s)
}
