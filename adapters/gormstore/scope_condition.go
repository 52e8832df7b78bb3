package gormstore

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm/clause"
)

// exactText is how a database compares a column byte by byte, whatever its type and collation.
type exactText struct {
	before, after string // around the column
	inBytes       bool   // SUBSTR of it counts bytes, not code points
	ascii         bool   // the column can have a character set without other characters, with which it isn't compared
}

var exactTexts = map[string]exactText{
	"sqlite": {"CAST(", " AS TEXT) COLLATE BINARY", false, false},
	// CONCAT keeps the spaces at the end of a char(n), with which the host reads it.
	"postgres": {"CONCAT(", `) COLLATE "C"`, false, false},
	"mysql":    {"CAST(CONVERT(", " USING utf8mb4) AS BINARY)", true, true},
}

// typedColumn is how a database compares a column of another type than texts. Its comparison is exact.
type typedColumn struct {
	// value returns the value of an id, and false for an id that isn't in canonical form: no row has it.
	value func(id string) (any, bool)
	// cast is the type of variables. Otherwise they have that of the column, which may be too small for one of them.
	cast string
}

// typedColumns are those of each database. Other types of columns have texts.
var typedColumns = map[string]map[ColumnType]*typedColumn{
	"sqlite":   {IntegerColumn: {value: signed}},
	"postgres": {IntegerColumn: {signed, "bigint"}, UUIDColumn: {uuid, "uuid"}},
	"mysql":    {IntegerColumn: {value: signedOrUnsigned}},
}

func signed(id string) (any, bool) {
	n, err := strconv.ParseInt(id, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == id
}

// signedOrUnsigned is for databases with unsigned integers of 64 bits.
func signedOrUnsigned(id string) (any, bool) {
	if n, ok := signed(id); ok {
		return n, true
	}
	n, err := strconv.ParseUint(id, 10, 64)
	return n, err == nil && strconv.FormatUint(n, 10) == id
}

var canonicalUUID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func uuid(id string) (any, bool) { return id, canonicalUUID.MatchString(id) }

// scopeCondition is the condition that a row's id is one of some ids. The zero is false.
type scopeCondition struct {
	column clause.Column
	texts  exactText
	typed  *typedColumn // nil for texts
	ids    authz.PermittedIDs
}

// Build implements [clause.Expression].
func (c *scopeCondition) Build(b clause.Builder) {
	write(b, "(")
	if c.ids.None() {
		write(b, "1 = 0")
	} else {
		c.buildSome(b)
	}
	write(b, ")")
}

func write(b clause.Builder, text string) { _, _ = b.WriteString(text) }

func (c *scopeCondition) buildSome(b clause.Builder) {
	b.WriteQuoted(c.column)
	write(b, " IS NOT NULL")
	if !c.ids.All {
		write(b, " AND (")
		c.buildOnly(b)
		write(b, ")")
	}
	c.buildExcept(b)
}

// buildOnly writes a condition that an index on the column can serve, beside the exact one: an equality of the column's own
// type finds all that is equal byte by byte.
func (c *scopeCondition) buildOnly(b clause.Builder) {
	ids := c.values(c.ids.Only.IDs)
	switch {
	case len(ids) == 0:
		write(b, "1 = 0")
	case c.typed != nil, c.texts.ascii && slices.ContainsFunc(c.ids.Only.IDs, isNotASCII):
		c.buildIn(b, "", ids)
	default:
		b.WriteQuoted(c.column)
		write(b, " IN (")
		b.AddVar(b, ids...)
		write(b, ") AND ")
		c.buildIn(b, "", ids)
	}
	for length, prefixes := range c.prefixes(c.ids.Only) {
		write(b, " OR ")
		c.buildPrefixes(b, "", length, prefixes)
	}
}

func (c *scopeCondition) buildExcept(b clause.Builder) {
	if ids := c.values(c.ids.Except.IDs); len(ids) > 0 {
		write(b, clause.AndWithSpace)
		c.buildIn(b, "NOT ", ids)
	}
	for length, prefixes := range c.prefixes(c.ids.Except) {
		write(b, clause.AndWithSpace)
		c.buildPrefixes(b, "NOT ", length, prefixes)
	}
}

// values returns the ids as variables.
func (c *scopeCondition) values(ids []string) []any {
	list := make([]any, 0, len(ids))
	for _, id := range ids {
		if c.typed == nil {
			list = append(list, id)
		} else if value, ok := c.typed.value(id); ok {
			list = append(list, value)
		}
	}
	return list
}

// buildIn compares the id exactly.
func (c *scopeCondition) buildIn(b clause.Builder, not string, values []any) {
	before, after := "", ""
	if c.typed == nil {
		c.buildExact(b)
	} else if b.WriteQuoted(c.column); c.typed.cast != "" {
		before, after = "CAST(", " AS "+c.typed.cast+")"
	}
	write(b, " "+not+"IN (")
	for i, value := range values {
		if i > 0 {
			write(b, ",")
		}
		write(b, before)
		b.AddVar(b, value)
		write(b, after)
	}
	write(b, ")")
}

func (c *scopeCondition) buildExact(b clause.Builder) {
	write(b, c.texts.before)
	b.WriteQuoted(c.column)
	write(b, c.texts.after)
}

func isNotASCII(id string) bool {
	return strings.ContainsFunc(id, func(r rune) bool { return r > unicode.MaxASCII })
}

// prefixes returns prefixes by their length: so there are few conditions, however many prefixes. Only texts have any.
func (c *scopeCondition) prefixes(of authz.IDSet) func(func(int, []any) bool) {
	lengths := map[int][]any{}
	if c.typed == nil {
		for _, p := range of.Prefixes {
			n := len(p)
			if !c.texts.inBytes {
				n = utf8.RuneCountInString(p)
			}
			lengths[n] = append(lengths[n], p)
		}
	}
	return func(yield func(int, []any) bool) {
		for _, n := range slices.Sorted(maps.Keys(lengths)) { // in an order, so that statements are repeated
			if !yield(n, lengths[n]) {
				return
			}
		}
	}
}

func (c *scopeCondition) buildPrefixes(b clause.Builder, not string, length int, prefixes []any) {
	write(b, "SUBSTR(")
	c.buildExact(b)
	write(b, ", 1, "+strconv.Itoa(length)+") "+not+"IN (")
	b.AddVar(b, prefixes...)
	write(b, ")")
}
