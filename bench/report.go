package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// report is all of a run, as -o json prints it.
type report struct {
	Machine string    `json:"machine"`
	Sizes   []results `json:"sizes"`
}

// results are those of one size. The first subject is what the others are compared with.
type results struct {
	Name     string   `json:"name"`
	Groups   int      `json:"groups"`
	Rules    int      `json:"rules"`
	Users    int      `json:"users"`
	Subjects []loaded `json:"subjects"`
}

// add takes in what was measured of a subject, and compares it.
func (r *results) add(l loaded) {
	base := l
	if len(r.Subjects) > 0 {
		base = r.Subjects[0]
	}
	for i := range l.Measured {
		l.Measured[i].Ratio = l.Measured[i].Nanoseconds / base.Measured[i].Nanoseconds
	}
	r.Subjects = append(r.Subjects, l)
}

func (r report) json(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// legend is what one has to know to read the tables.
const legend = `
- A time is that of one decision in the fastest of ten rounds; in parentheses, how many times what the bare map takes
  for the same questions. The map knows users, permissions and a bit for each pair, and nothing of how it came about.
- Every answer was checked. *Denied* is what no group of the user grants.
- With random users no decision is found in a cache of decisions. The 16 hot users have asked all of their 64 questions
  before, so every decision is. Casbin's two enforcers with such a cache bound it in no way, and go on giving a decision
  after the membership behind it was taken away.
- Allocations are those of one decision, from the fewest to the most. Heap is what is held after loading and garbage
  collection, before any decision. Casbin's memory of who is in which group grows after that with each user asked about.
- Loading includes making the rows. Nothing comes from a database or is parsed, and equal names share their text.
- Casbin reads model.conf and the same rows as Rightful does. cedar-go and OPA have the rules as data that is looked up
  by key, in the form that they decide on, and the policies policy.cedar and policy.rego.
`

// markdown prints a table for each size.
func (r report) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintln(&b, r.Machine)
	for _, size := range r.Sizes {
		fmt.Fprintf(&b, "\n%s: %s groups, %s rules, %s users\n\n", size.Name,
			grouped(size.Groups), grouped(size.Rules), grouped(size.Users))
		size.table(&b)
	}
	b.WriteString(legend)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r results) table(b *strings.Builder) {
	head := []string{""}
	for _, m := range r.Subjects[0].Measured {
		head = append(head, m.Asked)
	}
	head = append(head, "allocations", "heap", "load")
	row(b, head)
	row(b, append([]string{"---"}, slices.Repeat([]string{"---:"}, len(head)-1)...))
	for _, l := range r.Subjects {
		cells := []string{l.Name}
		for _, m := range l.Measured {
			cells = append(cells, fmt.Sprintf("%s (%s)", duration(m.Nanoseconds), times(m.Ratio)))
		}
		row(b, append(cells, l.allocations(), size(l.Heap), duration(float64(l.Load))))
	}
}

func row(b *strings.Builder, cells []string) {
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

// allocations are those of one decision, a range where they differ.
func (l loaded) allocations() string {
	fewest, most := int64(math.MaxInt64), int64(0)
	for _, m := range l.Measured {
		fewest, most = min(fewest, m.Allocations), max(most, m.Allocations)
	}
	if fewest == most {
		return grouped(int(most))
	}
	return grouped(int(fewest)) + "–" + grouped(int(most))
}

func times(ratio float64) string {
	if ratio < 9.95 {
		return strconv.FormatFloat(ratio, 'f', 1, 64) + "×"
	}
	return grouped(int(math.Round(ratio))) + "×"
}

func duration(nanoseconds float64) string { return scaled(nanoseconds, "ns", "µs", "ms", "s") }

func size(bytes int64) string { return scaled(float64(max(bytes, 0)), "B", "kB", "MB", "GB") }

// scaled writes a value in the unit that suits it, each a thousand of the one before.
func scaled(value float64, units ...string) string {
	for value >= 999.5 && len(units) > 1 {
		value, units = value/1000, units[1:]
	}
	decimals := 0
	if value < 9.95 {
		decimals = 1
	}
	return strconv.FormatFloat(value, 'f', decimals, 64) + " " + units[0]
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
