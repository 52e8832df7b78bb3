package main

import "time"

// progress tells a person at a terminal once a second how far something is that takes long.
func progress(p process) func(step string, done, total int) {
	told := time.Now()
	return func(step string, done, total int) {
		if !p.terminal || time.Since(told) < time.Second {
			return
		}
		told = time.Now()
		if total > 0 {
			note(p.stderr, "%s: %d of %d …\n", step, done, total)
		} else {
			note(p.stderr, "%s: %d …\n", step, done)
		}
	}
}

// manyRecords is a number of records, rows or lines that takes more than a moment.
const manyRecords = 20_000

// tellLong tells a person at a terminal that something takes long.
func tellLong(p process, n int, format string, args ...any) {
	if p.terminal && n > manyRecords {
		note(p.stderr, format+" …\n", args...)
	}
}
