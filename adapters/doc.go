// Package adapters connects the engine of package authz to what keeps a policy. Start with
// [OpenSQLite], which needs no server: it returns the [authz.Store] that authz.Open takes.
// [OpenGorm] does the same on a host's own database, [Open] on an address from a command
// line.
//
// Several instances on one store hear of each other's changes at once through a
// [PostgresNotifier], or a [WatcherNotifier] on one of Casbin's watchers.
//
// The policy stands in the table of Casbin's gorm-adapter, casbin_rule, in that adapter's own
// shape, so that any Casbin reads it; see [GormStore.CasbinAdapter]. Beside it stand
// rightful_groups, rightful_users, rightful_changes, rightful_denials and rightful_state.
package adapters
