// Package policycsv reads and writes the three CSV files of a policy: the catalog of permissions
// ([ReadCatalog]), the groups ([ReadGroups]) and the policy itself in Casbin's format ([ReadPolicy]). Start
// with [ReadSeed], which reads a folder with all three.
//
// The package splits the lines of a policy into fields and reports those that it can't read. [authz.Engine]
// checks the rest: whether names are allowed, groups exist, and inheritance has cycles.
//
// The three files share one syntax. Unlike in RFC 4180, a record never spans lines:
//
//   - The file is UTF-8, with or without a byte order mark. Lines end with LF or CRLF and have at most
//     64 KiB.
//   - Commas separate fields. Spaces and tabs before a field and at the end of the line are dropped.
//   - A field in double quotes may contain commas, spaces at its ends, and quotes, which are doubled.
//   - Empty lines are skipped. In the policy, lines whose first character is "#" are comments and are
//     skipped as well; no line of a policy can begin with "#" otherwise.
//
// Casbin reads a policy that [ReadPolicy] accepts as the same fields, except that it trims white space at
// the ends of fields, which no name may have. Every reader reads what its writer has written as equal
// values. A writer that can't guarantee this returns an error and, but for [WriteRows], writes nothing.
package policycsv
