package main

import (
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// The chart of one size has a bar for each contestant, with the median time of one decision on a logarithmic scale:
// the times differ by a factor of a million.
const (
	chartWidth  = 760
	chartMargin = 24 // on the left, for fonts that are wider
	barHeight   = 20
	barGap      = 10
	labelWidth  = 200
	timeWidth   = 80
	chartTop    = 62
	chartBottom = 34
)

// chartStyle has colors for light and dark pages: the file is an image of its own, which asks the reader's system.
const chartStyle = `
  text { font: 13px system-ui, sans-serif; fill: #1c2430 }
  .title { font-weight: 600; font-size: 15px }
  .quiet { fill: #56606e; font-size: 12px }
  .grid { stroke: #d5dae2 }
  .bar { fill: #9aa6b8 }
  .ours { fill: #2b56c5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6eaf1 }
    .quiet { fill: #a3adbb }
    .grid { stroke: #333c4a }
    .bar { fill: #6c788b }
    .ours { fill: #7aa2ff }
  }
`

// charts writes a chart for each size into a folder, as decisions-NAME.svg.
func (r report) charts(folder string) error {
	for _, size := range r.Sizes {
		name := filepath.Join(folder, "decisions-"+strings.ToLower(size.Name)+".svg")
		if err := os.WriteFile(name, []byte(size.chart(r.Machine)), 0o644); err != nil {
			return fmt.Errorf("write the chart: %w", err)
		}
	}
	return nil
}

// chart draws how long a decision takes that is allowed, for random users: the first kind of question.
func (r results) chart(machine string) string {
	fastest, slowest := math.Inf(1), 0.0
	for _, l := range r.Contestants {
		fastest, slowest = min(fastest, l.Measured[0].Nanoseconds), max(slowest, l.Measured[0].Nanoseconds)
	}
	from, to := math.Floor(math.Log10(fastest)), math.Ceil(math.Log10(slowest))
	place := func(nanoseconds float64) float64 {
		return labelWidth + (chartWidth-labelWidth-timeWidth)*(math.Log10(nanoseconds)-from)/(to-from)
	}
	bottom := chartTop + len(r.Contestants)*(barHeight+barGap)
	title := fmt.Sprintf("One decision with %s rules and %s users", grouped(r.Rules), grouped(r.Users))

	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-%d 0 %d %d" role="img" aria-label="%s">`+"\n", chartMargin, chartMargin+chartWidth, bottom+chartBottom, escaped(title))
	fmt.Fprintf(&b, "<style>%s</style>\n", chartStyle)
	fmt.Fprintf(&b, `<text class="title" x="0" y="18">%s</text>`+"\n", escaped(title))
	fmt.Fprintf(&b, `<text class="quiet" x="0" y="38">%s; median, logarithmic scale; shorter is faster</text>`+"\n", escaped(r.Contestants[0].Measured[0].Asked))
	for power := from; power <= to; power++ {
		x := place(math.Pow(10, power))
		fmt.Fprintf(&b, `<line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`+"\n", x, x, chartTop-barGap, bottom)
		fmt.Fprintf(&b, `<text class="quiet" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", x, bottom+18, duration(math.Pow(10, power)))
	}
	for i, l := range r.Contestants {
		y, end := chartTop+i*(barHeight+barGap), place(l.Measured[0].Nanoseconds)
		class := "bar"
		if l.Name == (*rightfulEngine)(nil).name() {
			class = "bar ours"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", labelWidth-10, y+15, escaped(l.Name))
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="3"/>`+"\n", class, labelWidth, y, max(end-labelWidth, 1), barHeight)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">%s</text>`+"\n", end+8, y+15, duration(l.Measured[0].Nanoseconds))
	}
	fmt.Fprintf(&b, "<desc>%s</desc>\n</svg>\n", escaped(machine))
	return b.String()
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder never fails
	return b.String()
}
