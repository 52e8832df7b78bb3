// Package gormstore keeps a policy in a database, through GORM, in the table of Casbin's
// gorm-adapter. It imports no database driver: a host opens a store with Open or New of the
// package of its database, adapters/sqlite, adapters/postgres or adapters/mysql, and finds here
// the [Options] that they take and the [Store] that they return.
//
// The policy stands in casbin_rule, in gorm-adapter's own shape, so that any Casbin reads it
// (see adapters/casbin). Beside it stand rightful_groups, rightful_memberships (when memberships end),
// rightful_users, rightful_changes, rightful_change_keys, rightful_checkpoints, rightful_denials,
// rightful_requests, rightful_usage (when permissions were last used) and rightful_state.
//
// [Scope] is for the host's own queries: it leaves out of a list what the user may not see.
//
// A fourth database needs a package with a [Dialect], which is all that differs between
// databases, and [Open] or [New] called with it; the sqlite package is the shortest model.
package gormstore
