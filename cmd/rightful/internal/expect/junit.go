package expect

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
)

// The elements of a JUnit report that the common servers read: https://llg.cubic.org/docs/junit/.
type (
	suites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Suite    suite    `xml:"testsuite"`
	}
	suite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []suiteCase `xml:"testcase"`
	}
	suiteCase struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		File    string   `xml:"file,attr"`
		Line    string   `xml:"line,attr"`
		Failure *failure `xml:"failure"`
	}
	failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the results for a file as a JUnit report: a test case for each line, named "USER may PERMISSION"
// or "USER may not PERMISSION".
func WriteJUnit(w io.Writer, name string, results []Result) error {
	s := suite{Name: name, Tests: len(results), Cases: []suiteCase{}}
	for _, r := range results {
		may := "may"
		if !r.Allowed {
			may = "may not"
		}
		one := suiteCase{Name: fmt.Sprintf("%s %s %s", r.User, may, r.Permission), Class: name, File: name, Line: strconv.Itoa(r.Line)}
		if r.Failure != "" {
			s.Failures++
			one.Failure = &failure{Message: r.Failure, Text: fmt.Sprintf("%s:%d: %s %s %s", name, r.Line, r.User, r.Permission, r.Failure)}
		}
		s.Cases = append(s.Cases, one)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suites{Tests: s.Tests, Failures: s.Failures, Suite: s}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
