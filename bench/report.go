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

// report is the result of a run, as -o json prints it.
type report struct {
	Machine string    `json:"machine"`
	Sizes   []results `json:"sizes"`
	Pairs   []results `json:"pairs"` // of Rightful and the bare map only, also with other ids and beside neighbors
}

// results are the results in one scenario. The others are compared with the first contestant.
type results struct {
	Name        string   `json:"name"`
	IDs         string   `json:"ids"`
	Wildcards   bool     `json:"wildcards"`
	Neighbor    string   `json:"neighbor"`
	Groups      int      `json:"groups"`
	Rules       int      `json:"rules"`
	Users       int      `json:"users"`
	Contestants []loaded `json:"subjects"`
}

func (r report) json(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// legend explains the tables.
const legend = `
- A time is that of one decision: in the median round, and after the slash in the fastest. In parentheses are the ratios to
  the median and the fastest round of the bare map for the same questions. The two take turns, every 0.2 ms, so that
  other work on the machine slows both down. The map has users, permissions and a bit for each pair, without the rules
  behind the bit.
- Every answer was checked. A *denied* permission is one that no group of the user grants.
- With random users, caches of decisions never hit. The 16 hot users asked all of their 64 questions before, so caches
  always hit. Casbin's two caching enforcers don't bound their caches, and they return a cached decision even after the
  membership behind it was removed.
- Allocations are per decision, from the fewest to the most. Heap is the memory held after loading and garbage
  collection, before any decision. Casbin's role manager then grows with each user asked about.
- Load includes the generation of the rows. Nothing comes from a database or is parsed, and equal names share memory.
- Casbin reads model.conf and the same rows as Rightful. cedar-go and OPA get the rules as data that is looked up by
  key, in the form that they evaluate, and the policies policy.cedar and policy.rego.
- A *neighbor* is another process that touches 64 MB of memory, at random or in order, during the measurement.
  *Short* ids are like user17, 5 to 10 bytes; a UUID has 36.
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
	if len(r.Pairs) > 0 {
		pairs(&b, r.Pairs)
	}
	b.WriteString(legend)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r results) table(b *strings.Builder) {
	head := []string{""}
	for _, m := range r.Contestants[0].Measured {
		head = append(head, m.Asked)
	}
	head = append(head, "allocations", "heap", "load")
	row(b, head)
	row(b, append([]string{"---"}, slices.Repeat([]string{"---:"}, len(head)-1)...))
	for _, l := range r.Contestants {
		cells := []string{l.Name}
		for _, m := range l.Measured {
			cells = append(cells, m.String())
		}
		row(b, append(cells, l.allocations(), size(l.Heap), duration(float64(l.Load))))
	}
}

// String returns the median and the fastest time, and the ratios of both.
func (m measurement) String() string {
	return fmt.Sprintf("%s / %s (%s / %s)", duration(m.Nanoseconds), duration(m.Fastest), times(m.Ratio), times(m.FastestRatio))
}

// pairs prints one table of Rightful and the bare map, with a line for each scenario.
func pairs(b *strings.Builder, list []results) {
	fmt.Fprintf(b, "\nRightful and the bare map\n\n")
	head := []string{"size, ids, neighbor"}
	for _, m := range list[0].Contestants[1].Measured {
		head = append(head, m.Asked)
	}
	head = append(head, "the map", "heap", "of the map")
	row(b, head)
	row(b, append([]string{"---"}, slices.Repeat([]string{"---:"}, len(head)-1)...))
	for _, r := range list {
		base, l := r.Contestants[0], r.Contestants[1]
		cells := []string{r.scenario()}
		var ofBase []string
		for i, m := range l.Measured {
			cells = append(cells, m.String())
			ofBase = append(ofBase, duration(base.Measured[i].Nanoseconds)+" / "+duration(base.Measured[i].Fastest))
		}
		row(b, append(cells, strings.Join(ofBase, " · "), size(l.Heap), size(base.Heap)))
	}
}

// scenario describes what was measured.
func (r results) scenario() string {
	s := r.Name + ", " + r.IDs + ", " + r.Neighbor
	if r.Wildcards {
		s += ", one wildcard a group"
	}
	return s
}

func row(b *strings.Builder, cells []string) {
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

// allocations returns the allocations per decision, as a range if they differ.
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
	if ratio < 9.995 {
		return strconv.FormatFloat(ratio, 'f', 2, 64) + "×"
	}
	return grouped(int(math.Round(ratio))) + "×"
}

func duration(nanoseconds float64) string { return scaled(nanoseconds, "ns", "µs", "ms", "s") }

func size(bytes int64) string { return scaled(float64(max(bytes, 0)), "B", "kB", "MB", "GB") }

// scaled writes a value in the most readable of the units, each a thousand times the previous one.
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
