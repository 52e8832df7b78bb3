package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// A chart is well-formed, and has a bar for each contestant in their order, longer for what takes longer. Ours is marked.
func TestChart(t *testing.T) {
	r := report{Machine: "a <fast> machine", Sizes: []results{{Name: "M", Rules: 10_000, Users: 100_000}}}
	for i, name := range []string{"bare Go map", "Rightful", "cedar-go", "Casbin Enforcer"} {
		took := []float64{40, 60, 1_600, 2_600_000}[i]
		r.Sizes[0].Contestants = append(r.Sizes[0].Contestants, loaded{Name: name, Measured: []measurement{{Asked: "allowed, random users", Nanoseconds: took}}})
	}
	folder := t.TempDir()
	if err := r.charts(folder); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "decisions-m.svg"))
	if err != nil {
		t.Fatal(err)
	}
	var chart struct {
		Bars []struct {
			Class string `xml:"class,attr"`
			Width string `xml:"width,attr"`
		} `xml:"rect"`
		Description string `xml:"desc"`
	}
	if err := xml.Unmarshal(text, &chart); err != nil {
		t.Fatal(err)
	}
	last := 0.0
	for i, bar := range chart.Bars {
		width, err := strconv.ParseFloat(bar.Width, 64)
		if err != nil || width <= last || width > chartWidth-labelWidth-timeWidth {
			t.Errorf("bar %d is %s wide, after %g: %v", i, bar.Width, last, err)
		}
		last = width
		if ours := bar.Class == "bar ours"; ours != (i == 1) {
			t.Errorf("bar %d has the class %s", i, bar.Class)
		}
	}
	if len(chart.Bars) != 4 || chart.Description != r.Machine {
		t.Errorf("there are %d bars, of %q", len(chart.Bars), chart.Description)
	}
}
