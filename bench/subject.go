package main

// subject is one that decides. Load comes first, once; after that decide may be called from
// one goroutine.
type subject interface {
	name() string
	load(p policy) error
	// decide fails where the subject does; a denial is no error.
	decide(q question) (bool, error)
}

// forgetter is a subject that may keep decisions.
type forgetter interface {
	// forget empties the cache of decisions.
	forget() error
}

// subjects makes all of them, one at a time so that each can go before the next is loaded.
// The first is what the others are compared with.
var subjects = []func() subject{
	func() subject { return &bareMap{} },
	func() subject { return &rightfulEngine{} },
	newCasbinEnforcer,
	newCasbinCached,
	newCasbinSynced,
	newCasbinSyncedCached,
	func() subject { return &cedarPolicies{} },
	func() subject { return &opaQuery{} },
}
