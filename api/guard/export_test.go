package guard

// IsPlain is isPlain, for tests.
var IsPlain = isPlain
