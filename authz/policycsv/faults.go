package policycsv

import "strconv"

// excerpt quotes the beginning of a text from a file for a message.
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
