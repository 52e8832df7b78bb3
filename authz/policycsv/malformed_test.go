package policycsv_test

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// badLine is a line that can't be read, and what is to be said of it.
type badLine struct {
	text    string
	details []string
}

// Lines that are bad in every file.
var badAnywhere = []badLine{
	{"p, caf\xe9, a, b", []string{"byte 7 (0xE9) is not valid UTF-8; save the file as UTF-8"}},
	{"p, \u00e9\xf0\x9f\x99, a, b", []string{"byte 6 (0xF0) is not valid UTF-8; save the file as UTF-8"}},
	{"p, \xed\xa0\x80, a, b", []string{"byte 4 (0xED) is not valid UTF-8; save the file as UTF-8"}},
	{"p, \uFFFD\xff", []string{"byte 7 (0xFF) is not valid UTF-8; save the file as UTF-8"}}, // U+FFFD itself is no fault
	{"\xa0", []string{"byte 1 (0xA0) is not valid UTF-8; save the file as UTF-8"}},
	{"\xff\xfep\x00", []string{"byte 4 is a NUL; remove it, or save the file as UTF-8 if it is UTF-16"}},
	{"p, a\x00, b, c", []string{"byte 5 is a NUL; remove it, or save the file as UTF-8 if it is UTF-16"}},
	{"p, a, b, c\rg, a, b", []string{"byte 11 is a carriage return inside the line; end lines with LF or CRLF"}},
	{"# a comment\rp, a, b, c, deny", []string{"byte 12 is a carriage return inside the line; end lines with LF or CRLF"}},
	{"\r ", []string{"byte 1 is a carriage return inside the line; end lines with LF or CRLF"}},
	{"p, " + strings.Repeat("x", 65534), []string{"the line is longer than 64 KiB; is a line break missing?"}},
	{"#" + strings.Repeat(" ", 200_000), []string{"the line is longer than 64 KiB; is a line break missing?"}},
	{`p, "a, b, c`, []string{"field 2 opens a quote that its line doesn't close; a field never spans lines"}},
	{`"`, []string{"field 1 opens a quote that its line doesn't close; a field never spans lines"}},
	{`p, a, """`, []string{"field 3 opens a quote that its line doesn't close; a field never spans lines"}},
	{`p, a"b, c, d`, []string{"field 2 has a quote in its middle; put the whole field in quotes and double the ones inside"}},
	{`p, a, b, c"`, []string{"field 4 has a quote in its middle; put the whole field in quotes and double the ones inside"}},
	{`p, "a"b, c, d`, []string{"field 2 goes on after its closing quote; put a comma there, or double the quote to mean one"}},
	{`p, "a" , c, d`, []string{"field 2 goes on after its closing quote; put a comma there, or double the quote to mean one"}},
}

var badInPolicy = append([]badLine{
	{"p2, a, b, c", []string{`the first field is "p2"; it must be p (a rule) or g (a membership), with commas between the fields`}},
	{"\uFEFFp, a, b, c", []string{`the first field is "\ufeffp"; it must be p (a rule) or g (a membership), with commas between the fields`}},
	{strings.Repeat("ü", 50) + ", a", []string{`the first field is "` + strings.Repeat("ü", 40) + `"…; it must be p (a rule) or g (a membership), with commas between the fields`}},
	{",,", []string{`the first field is ""; it must be p (a rule) or g (a membership), with commas between the fields`}},
	{"p, a, b", []string{"a p line has 4 fields (p, subject, object, action) or 5 (the effect), but this one has 3"}},
	{"p, a, b, c, deny, d", []string{"a p line has 4 fields (p, subject, object, action) or 5 (the effect), but this one has 6; put a field that contains a comma in quotes"}},
	{"p, a, b, c, deny,", []string{"a p line has 4 fields (p, subject, object, action) or 5 (the effect), but this one has 6; remove the commas at its end"}},
	{"p, a, b, c, DENY", []string{`the effect is "DENY"; it must be allow or deny, or be left out together with its comma, which means allow`}},
	{`p, "", , c, ""`, []string{
		"the subject (field 2) is empty", "the object (field 3) is empty",
		`the effect is ""; it must be allow or deny, or be left out together with its comma, which means allow`,
	}},
	{"p, a, b,", []string{"the action (field 4) is empty"}},
	{"g, a", []string{"a g line has 3 fields (g, member, group), but this one has 2"}},
	{"g, a, b, c", []string{"a g line has 3 fields (g, member, group), but this one has 4; put a field that contains a comma in quotes"}},
	{"g, a, b, ,", []string{"a g line has 3 fields (g, member, group), but this one has 5; remove the commas at its end"}},
	{"g, , ", []string{"the member (field 2) is empty", "the group (field 3) is empty"}},
}, badAnywhere...)

// TestEveryBadLineOfAPolicyIsNamed hides every kind of bad line, in any order and number, among
// good ones, and wants each reported, under its number, and the good ones read.
func TestEveryBadLineOfAPolicyIsNamed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		file := newFileOf(random, badInPolicy, []string{"", " \t", "# p, a", "  #\"\x00\xff", "p, a, b, c", `g, "a, b", group:c `})
		policy, err := policycsv.ReadPolicy(strings.NewReader(file.text))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(policy.Faults, file.faults) {
			t.Fatalf("got %#v, want %#v", policy.Faults, file.faults)
		}
		var good []int
		for _, line := range policy.Lines {
			good = append(good, line.Number)
		}
		if want := file.numbersOf("p, a, b, c", `g, "a, b", group:c `); !reflect.DeepEqual(good, want) {
			t.Fatalf("read the lines %v, want %v", good, want)
		}
	}
}

// TestEveryBadLineOfATableIsNamed does the same for the catalog and the groups.
func TestEveryBadLineOfATableIsNamed(t *testing.T) {
	tables := []struct {
		header string
		bad    []badLine
		read   func(text string) error
	}{
		{"category,permission,label", badInCatalog, func(text string) error {
			_, err := policycsv.ReadCatalog(strings.NewReader(text))
			return err
		}},
		{"name,description", badInGroups, func(text string) error {
			_, err := policycsv.ReadGroups(strings.NewReader(text))
			return err
		}},
	}
	random := rand.New(rand.NewPCG(3, 4))
	for _, table := range tables {
		for range 50 {
			file := newFileOf(random, append(table.bad, badAnywhere...), []string{"", " \t"}, table.header)
			var rejected *authz.Error
			if err := table.read(file.text); !errors.As(err, &rejected) {
				t.Fatalf("got the error %v for %q", err, file.text)
			}
			if rejected.Count != len(file.faults) || !reflect.DeepEqual(rejected.Faults, file.faults) {
				t.Fatalf("got %d: %#v, want %#v", rejected.Count, rejected.Faults, file.faults)
			}
		}
	}
}

var badInCatalog = []badLine{
	{"a,b:c", []string{"the header names 3 fields (category,permission,label), but this line has 2; an empty field needs its comma too"}},
	{"a,b:c,d,e", []string{"the header names 3 fields (category,permission,label), but this line has 4; put a field that contains a comma in quotes"}},
	{"a,b,c", []string{`"b": is not of the form "object:action"`}},
	{"a,b.*:c,d", []string{`"b.*:c": contains "*", which only rules may contain`}},
	{"a,rightful.members/x:assign,", []string{
		`"rightful.members/x:assign": begins with "rightful.", which is reserved for Rightful's own permissions`,
		`"rightful.members/x:assign": the label is empty`,
	}},
}

var badInGroups = []badLine{
	{"a", []string{"the header names 2 fields (name,description), but this line has 1; an empty field needs its comma too"}},
	{"a,b,", []string{"the header names 2 fields (name,description), but this line has 3; put a field that contains a comma in quotes"}},
	{"group:a,", []string{`the name "group:a" begins with "group:"; leave that out`}},
	{"ADMINISTRATORS,", []string{`the name "ADMINISTRATORS" looks like "Administrators", the protected group; write it exactly so or choose another`}},
	{"a*,b\u200b", []string{`the name "a*" contains "*"`, "the description contains the invisible character U+200B"}},
}

// fileOf is a file of good and bad lines, and what is to be said of it.
type fileOf struct {
	text   string
	lines  []string
	faults []authz.Fault
}

// newFileOf makes a file of first lines, every bad line once, and as many good ones in between.
func newFileOf(random *rand.Rand, bad []badLine, good []string, first ...string) fileOf {
	var (
		file fileOf
		text strings.Builder
	)
	if random.IntN(2) == 0 {
		text.WriteString("\uFEFF")
		first = append([]string{""}, first...) // a line that begins with a second mark is bad
	} else if len(first) == 0 {
		first = []string{""}
	}
	add := func(line string) {
		file.lines = append(file.lines, line)
		text.WriteString(line)
		text.WriteString([]string{"\n", "\r\n"}[random.IntN(2)])
	}
	for _, line := range first {
		add(line)
	}
	for _, i := range random.Perm(len(bad)) {
		for range random.IntN(3) {
			add(good[random.IntN(len(good))])
		}
		add(bad[i].text)
		for _, detail := range bad[i].details {
			file.faults = append(file.faults, authz.Fault{Line: len(file.lines), Detail: detail})
		}
	}
	file.text = text.String()
	if random.IntN(2) == 0 {
		file.text = strings.TrimSuffix(strings.TrimSuffix(file.text, "\n"), "\r")
	}
	return file
}

// numbersOf returns the numbers of the lines that are one of those given.
func (f fileOf) numbersOf(wanted ...string) (numbers []int) {
	for i, line := range f.lines {
		for _, w := range wanted {
			if line == w {
				numbers = append(numbers, i+1)
			}
		}
	}
	return numbers
}
