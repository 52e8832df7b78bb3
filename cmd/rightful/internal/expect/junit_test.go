package expect_test

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/cmd/rightful/internal/expect"
)

// A report counts its failures, and is well-formed whatever names have.
func TestJUnit(t *testing.T) {
	results := []expect.Result{
		{Expectation: expect.Expectation{Line: 2, User: "ben", Permission: "a:b", Allowed: true}, Found: true},
		{Expectation: expect.Expectation{Line: 3, User: "a<b>&'", Permission: "a:b"}, Found: true, Failure: "is allowed, not denied"},
	}
	var text strings.Builder
	if err := expect.WriteJUnit(&text, "a&b.csv", results); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suite    struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Name    string  `xml:"name,attr"`
				Line    int     `xml:"line,attr"`
				Failure *string `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(text.String()), &report); err != nil {
		t.Fatalf("%v in %s", err, &text)
	}
	cases := report.Suite.Cases
	if report.Tests != 2 || report.Failures != 1 || report.Suite.Name != "a&b.csv" || cases[0].Failure != nil || cases[1].Failure == nil ||
		cases[0].Name != "ben may a:b" || cases[1].Name != "a<b>&' may not a:b" || cases[1].Line != 3 {
		t.Errorf("%+v in %s", report, &text)
	}
}
