// Package cataloglint finds faults in a catalog file: what the engine would refuse, and what it accepts and people
// stumble over. Start with [Lint].
package cataloglint
