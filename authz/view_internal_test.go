package authz

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A page of endings is the same as that part of the whole list, and keeps no more than it needs.
func TestEndingsOfAPage(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	var all []MembershipEnd
	for i := range 3000 {
		all = append(all, MembershipEnd{UserID(fmt.Sprint("u", r.IntN(40))), GroupName(fmt.Sprint("G", i)), Until(1 + r.IntN(50))})
	}
	sorted := slices.SortedFunc(slices.Values(all), MembershipEnd.compare)
	for _, limit := range []int{0, 1, 2, 50, 501, 2999, 3000, 4000} {
		for _, from := range []int{0, 1, 1500, 2990, 3000} {
			first := firstEndings{limit: limit}
			if from > 0 {
				first.after = sorted[from-1]
			}
			most := 0
			for _, e := range all {
				first.add(e)
				most = max(most, len(first.list))
			}
			first.cut()
			if want := sorted[from:min(from+limit, len(sorted))]; !slices.Equal(first.list, want) {
				t.Errorf("limit %d from %d: %v, want %v", limit, from, first.list, want)
			}
			if most > 2*limit+100 {
				t.Errorf("limit %d: %d are kept", limit, most)
			}
		}
	}
}
