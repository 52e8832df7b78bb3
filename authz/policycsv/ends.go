package policycsv

import (
	"bytes"
	"fmt"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// endComment is a comment "# until 2026-12-01T00:00:00Z": the membership on the line below ends then. Plain Casbin
// skips it.
type endComment struct {
	line  int // 0 if there is none
	until authz.Until
	fault string
}

// end yields what is wrong with the comment, if anything, when the line below it is read: is says whether that is one
// with fields. It returns false if yield does.
func (c endComment) end(is bool, yield func(record, error) bool) bool {
	switch {
	case c.fault != "":
		return yield(record{line: c.line, fault: c.fault}, nil)
	case c.line != 0 && !is:
		return yield(record{line: c.line, fault: noMembershipBelow}, nil)
	}
	return true
}

const noMembershipBelow = "the comment sets the end of a membership, but the line below it isn't one; put it right above a g line"

// readEndComment reads a skipped line. What looks like an end must be one: a membership whose end isn't understood
// would last for good.
func readEndComment(number int, line []byte) endComment {
	words, marks, isComment := commentWords(line)
	if !isComment || len(words) < 2 || !isUntil(words[0]) || len(words) > 2 && !startsWithDigit(words[1]) {
		return endComment{}
	}
	c := endComment{line: number}
	end, err := time.Parse(time.RFC3339, string(words[1]))
	switch {
	case marks != 1 || string(words[0]) != "until":
		c.fault = "the comment looks like the end of a membership; write it like # until 2026-12-01T00:00:00Z"
	case err != nil || len(words) > 2:
		c.fault = fmt.Sprintf("the end %s is not a time; write it like 2026-12-01T00:00:00Z", excerpt(string(bytes.Join(words[1:], []byte(" ")))))
	case end.UnixMicro() <= 0:
		c.fault = "the end is before 1970"
	default:
		c.until = authz.UntilTime(end)
	}
	return c
}

// commentWords returns the words of a comment, and how many "#" precede them.
func commentWords(line []byte) (words [][]byte, marks int, isComment bool) {
	text := bytes.TrimLeft(line, blank)
	rest := bytes.TrimLeft(text, "#")
	marks = len(text) - len(rest)
	return bytes.Fields(rest), marks, marks > 0
}

// isUntil reports whether people would read a word as "until".
func isUntil(word []byte) bool {
	return bytes.EqualFold(bytes.TrimRight(word, ":="), []byte("until"))
}

func startsWithDigit(word []byte) bool { return word[0] >= '0' && word[0] <= '9' }

// appendEndComment appends the comment that sets an end.
func appendEndComment(text []byte, until authz.Until) []byte {
	return append(until.Time().AppendFormat(append(text, "# until "...), time.RFC3339Nano), '\n')
}
