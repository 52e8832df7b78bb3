package authz

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rightful-go/rightful/internal/fold"
	"golang.org/x/text/unicode/norm"
)

// quarantine is what is known of the bad rows whatever the policy is. An application can keep the policy of another
// model in the same table, so there can be many bad rows: what a change costs mustn't follow their number. It is
// immutable once a snapshot has it, and snapshots share it as long as the rows stay the same.
type quarantine struct {
	rows      int32
	named     map[string][]int32 // the places of the rows that contain a name, in order, by [foldedName]
	dependent []int32            // the places of the rows of which something depends on the policy
	depends   map[string]bool    // the names in these
	denied    map[Subject]bool   // by the other rows
	links     []Rule             // of inheritance, each once
}

// judging is only compared by its address: in policies with the same one, all is the same about the bad rows.
type judging struct{ _ byte }

func newQuarantine() *quarantine {
	return &quarantine{named: map[string][]int32{}, depends: map[string]bool{}, denied: map[Subject]bool{}}
}

// add adds the next bad row. If nothing about it depends on the policy, add judges it: a row of an unknown type and
// one that can't be parsed, unless it is a link, or may be a restriction of a subject whose name isn't legal.
func (q *quarantine) add(b *BadRow) {
	at, row := q.rows, b.row()
	q.rows++
	_, err := parseRow(row)
	legal := Subject(row.V[0]).check() == nil
	depends := err == nil || row.Type == rowLink || row.mayRestrict() && !legal
	for _, v := range b.Values[min(1, len(b.Values)):] {
		name := foldedName(v)
		if list := q.named[name]; len(list) == 0 || list[len(list)-1] != at {
			q.named[name] = append(list, at)
		}
		if depends {
			q.depends[name] = true
		}
	}
	if depends {
		q.dependent = append(q.dependent, at)
		return
	}
	b.Detail = err.Error()
	if row.mayRestrict() {
		b.Denies = []Subject{Subject(row.V[0])}
		q.denied[Subject(row.V[0])] = true
	}
}

// inherited returns the links of inheritance in the rows, each once.
func (q *quarantine) inherited() []Rule {
	if q == nil {
		return nil
	}
	return slices.Clip(q.links)
}

// naming returns the places of the rows that contain the name of a group, with or without "group:", in any spelling
// with the same folded form.
func (q *quarantine) naming(name GroupName) []int32 {
	if q == nil {
		return nil
	}
	return q.named[fold.String(string(name))]
}

// dependsOn reports whether a row of which something depends on the policy contains the name of a group.
func (q *quarantine) dependsOn(name GroupName) bool {
	return q != nil && q.depends[fold.String(string(name))]
}

// maxSpelling is more bytes than any spelling of a name has, apart from what [plainName] drops. Names have at most 100 code
// points. NFC and folding drop none, and join only what they take apart elsewhere: into at most 18 code points of 4 bytes,
// for U+FDFA. So a text of more than 7,200 bytes has no name's plain or folded form, and that nothing looks for them
// allows nobody anything.
const maxSpelling = 16 << 10

// nobody is the plain form of texts that are too long to name anybody. No name contains U+001A.
const nobody Subject = "\x1a"

// plainName returns the subject that a text is without what people can't see: in Unicode normal form NFC,
// without invisible characters, and without spaces at the ends of the name. In SQLite a text can have a gigabyte, and to
// normalize and fold it takes seconds for each megabyte.
func plainName(text string) Subject {
	if len(text) > maxSpelling {
		var short bool
		if text, short = withoutInvisible(text); !short {
			return nobody
		}
	}
	if !isPrintableASCII(text) { // most are, and there can be many
		text = strings.Map(func(r rune) rune {
			if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
				return -1
			}
			return r
		}, strings.ToValidUTF8(text, ""))
		text = norm.NFC.String(text)
	}
	text = strings.TrimSpace(text)
	if name, isGroup := Subject(text).Group(); isGroup {
		return GroupName(strings.TrimSpace(string(name))).Subject()
	}
	return Subject(text)
}

// withoutInvisible returns a long text without the characters that [plainName] drops, and false if it is still too long to name
// anybody. It stops as soon as it knows.
func withoutInvisible(text string) (short string, ok bool) {
	var kept, spaces []byte // spaces are those that are kept if anything follows them
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		c := text[at : at+size]
		at += size
		switch {
		case r == utf8.RuneError && size == 1: // not UTF-8
		case (r < ' ' || r > '~') && unicode.In(r, unicode.C, unicode.Zl, unicode.Zp):
		case unicode.IsSpace(r):
			if len(kept) > 0 && string(kept) != groupPrefix && len(spaces) <= maxSpelling {
				spaces = append(spaces, c...)
			}
		default:
			if kept = append(append(kept, spaces...), c...); len(kept) > maxSpelling {
				return "", false
			}
			spaces = spaces[:0]
		}
	}
	return string(kept), true
}

func isPrintableASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// foldedName returns the folded form of what a text may name, without "group:".
func foldedName(text string) string {
	return fold.String(strings.TrimPrefix(string(plainName(text)), groupPrefix))
}
