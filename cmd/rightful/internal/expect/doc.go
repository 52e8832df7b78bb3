// Package expect reads files of expected decisions and compares them with the decisions of a policy. Start with
// [Read]; [Expectation.Compare] compares one, and [WriteJUnit] reports all for continuous integration.
package expect
