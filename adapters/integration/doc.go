// Package integration tests engines on databases of each kind, with what befalls them in
// production: processes that are killed and frozen, servers that restart and fall silent, other
// programs that write to the tables, notifications that are lost and forged. It has tests alone.
package integration
