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
// what a policy means; casbin.go, and adoption_model.go for the models of
// others, are the only files here that import Casbin.
//
// The files have an order, from left to right, in which each uses only those before it; a test in
// internal/layout lists it:
//
//	names and types   text to store           what a policy and its records are made of
//	match             key to matcher          rules compiled into what a decision looks up
//	snapshot          group to casbin         one revision of the policy, and every way to read it
//	engine            rights_check to open    operations, from their checks to the store and back
//	fixes             fix to fixes            what would grant a user what they were denied
//
// A decision runs through decide, evaluate and matcher; an operation through groups or users, write,
// write_checks (escalation, promises) and commit. Rows are read in load, foreign writes are noticed and
// recorded in foreign, and bad rows are set aside in bad_rows.
//
// The package knows no SQL and no HTTP. Package memstore keeps a policy in memory, the packages below
// adapters keep it in databases, and package api has the middleware and the REST interface.
package authz
