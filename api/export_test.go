package api

// IsPlain is isPlain, for tests.
var IsPlain = isPlain

// ProblemTypes is the table of problem types, for tests.
func ProblemTypes() map[string]int {
	types := map[string]int{}
	for name, kind := range problems {
		types[string(name)] = kind.status
	}
	return types
}
