package fold

// LookalikeOf is the name that [IsLookalike] compares with, and Prototypes its table.
const LookalikeOf = name

var Prototypes = prototypes
