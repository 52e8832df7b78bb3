package main

// contestant is what the benchmark compares: something that decides. Call load once; after that, one goroutine at a
// time may call decide.
type contestant interface {
	name() string
	load(p policy) error
	// decide returns an error only if no decision could be made; a denial is no error.
	decide(q question) (bool, error)
}

// forgetter is a contestant that may cache decisions.
type forgetter interface {
	// forget empties the cache of decisions.
	forget() error
}

// contestants creates the contestants, one at a time, so that each can be freed before the next is
// loaded. The others are compared with the first.
var contestants = []func() contestant{
	func() contestant { return &bareMap{} },
	func() contestant { return &rightfulEngine{} },
	newCasbinEnforcer,
	newCasbinCached,
	newCasbinSynced,
	newCasbinSyncedCached,
	func() contestant { return &cedarPolicies{} },
	func() contestant { return &opaQuery{} },
}
