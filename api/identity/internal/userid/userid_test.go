package userid_test

import (
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/identity/internal/userid"
	"github.com/rightful-go/rightful/authz"
)

type accountID string

func TestOf(t *testing.T) {
	for _, c := range []struct {
		value any
		want  authz.UserID
		fault string
	}{
		{"ben", "ben", ""},
		{authz.UserID("ben"), "ben", ""},
		{accountID("ben"), "ben", ""},
		{17, "17", ""},
		{int64(math.MinInt64), "-9223372036854775808", ""},
		{uint64(math.MaxUint64), "18446744073709551615", ""},
		{uint8(7), "7", ""},
		{json.Number("17"), "17", ""},
		{json.Number("017"), "17", ""}, // not JSON, so no decoder gives it
		{netip.MustParseAddr("192.0.2.1"), "192.0.2.1", ""},

		{nil, "", "neither a string nor an integer"},
		{1.0, "", "neither a string nor an integer"},
		{true, "", "neither a string nor an integer"},
		{[]byte("ben"), "", "neither a string nor an integer"},
		{[]string{"ben"}, "", "neither a string nor an integer"},
		{map[string]any{"id": "ben"}, "", "neither a string nor an integer"},
		{struct{ ID string }{"ben"}, "", "neither a string nor an integer"},
		{json.Number("1e3"), "", "neither a string nor an integer"},
		{json.Number("1.0"), "", "neither a string nor an integer"},
		{"", "", "is not a user id"},
		{"group:Administrators", "", "reserved for groups"},
		{"a/b", "", `contains "/"`},
		{strings.Repeat("x", 101), "", "is not a user id"},
	} {
		got, err := userid.Of(c.value)
		if got != c.want || (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%#v: %q, %v", c.value, got, err)
		}
	}
}
