package ginguard

import "testing"

// ChainLengths returns how many handlers chainsOf reads for each route.
func ChainLengths(engine any) ([]int, bool) {
	chains, ok := chainsOf(engine)
	lengths := make([]int, len(chains))
	for i, c := range chains {
		lengths[i] = len(c)
	}
	return lengths, ok
}

// Unreadable makes Gin's routes unreadable for a test.
func Unreadable(t *testing.T) {
	t.Helper()
	treesField = "forest"
	t.Cleanup(func() { treesField = "trees" })
}
