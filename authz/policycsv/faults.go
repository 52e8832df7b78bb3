package policycsv

import "strconv"

// excerpt quotes what stands in a file for a message, and not more of it than helps.
func excerpt(s string) string {
	const most = 40
	count := 0
	for i := range s {
		if count == most {
			return strconv.Quote(s[:i]) + "…"
		}
		count++
	}
	return strconv.Quote(s)
}
