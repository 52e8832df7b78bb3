package authz_test

import (
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// A decision looks once at each group that a user reaches, however many paths lead there: with one look for each path,
// it took a quarter of a second here.
func TestDecisionsLookAtEachGroupOnce(t *testing.T) {
	withoutRaces(t)
	view := crossroads(t, 3000).View()
	for p, want := range map[authz.Permission]bool{
		"leaves.x2999:view": true, "leaves.x2999.y8:any": true, "doors.x2999:open": true, "leaves.x1:edit": false, "nothing:here": false,
	} {
		began := time.Now()
		got := view.Can("fat", p)
		if took := time.Since(began); got != want || took > 25*time.Millisecond {
			t.Errorf("%s: %v after %v", p, got, took)
		}
	}
}
