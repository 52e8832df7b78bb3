// Package authz is the engine of Rightful: it answers who may do what, says why, and carries
// out the administrators' operations.
//
// Start with [Open]. Ask with [Engine.Can], which costs about as much as two map look-ups,
// and with [Engine.Explain], which says what is held, what is missing and through which path.
// Change the policy with [Engine.As]:
//
//	engine, err := authz.Open(ctx, store, authz.Options{Catalog: catalog, Bootstrap: "ana"})
//	engine.Can("ben", "finance.operations:create")
//	engine.As("ana").Grant(ctx, "Finance", "finance.reports:export")
//
// Decisions read an immutable snapshot of the policy. A change is drafted and checked on that
// snapshot, committed to the [Store] onto its revision, and then swapped in: it counts on the
// next decision. What must hold for every change stands in promises.go and escalation.go; what
// a policy means is model.conf's to say, and casbin.go is the only file here that knows Casbin.
//
// The package knows no SQL and no HTTP. Stores in databases are in the packages below adapters,
// one in memory is in package memstore; the middleware and the REST interface are in package api.
package authz
