package main

import (
	"strings"
	"testing"
)

// A spreadsheet calculates no cell of the command's CSV.
func TestCSVHasNoFormulas(t *testing.T) {
	var text strings.Builder
	check(t, writeCSV(&text, []string{"=HYPERLINK(A1)", "+1", "-1.5", "@x", "-x", "a=b", "", "\tx"}))
	if want := `" =HYPERLINK(A1)",+1,-1.5," @x"," -x",a=b,,"` + " \tx\"\n"; text.String() != want {
		t.Errorf("%q, not %q", &text, want)
	}
}
