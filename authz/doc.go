// Package authz is the engine of Rightful: it decides what users may do, explains its decisions, and
// carries out the operations of administrators.
//
// Start with [Open]. [Engine.Can] decides; it costs about as much as two map lookups.
// [Engine.Explain] says what a user holds, what is missing and through which rules. [Engine.As]
// changes the policy:
//
//	engine, err := authz.Open(ctx, store, authz.Options{Catalog: catalog, Bootstrap: "ana"})
//	engine.Can("ben", "finance.operations:create")
//	engine.As("ana").Grant(ctx, "Finance", "finance.reports:export")
//
// Decisions read an immutable snapshot of the policy. A change is drafted and checked on that
// snapshot, committed to the [Store] onto its revision, and then swapped in: the next decision uses
// it. The rules that every change must keep are in promises.go and escalation.go. model.conf defines
// what a policy means; casbin.go is the only file here that imports Casbin.
//
// The package knows no SQL and no HTTP. Package memstore keeps a policy in memory, the packages below
// adapters keep it in databases, and package api has the middleware and the REST interface.
package authz
