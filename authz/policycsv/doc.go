// Package policycsv reads and writes the three CSV files of a policy: the catalog of
// permissions ([ReadCatalog]), the groups ([ReadGroups]) and the policy itself in Casbin's
// own form ([ReadPolicy]). Start with [ReadSeed], which reads a folder of all three.
//
// Of a policy it knows the text and not the meaning: it takes lines apart and says which ones
// can't be read. Whether a name may be used, a group exists or the inheritance runs in a
// circle is for [authz.Engine] to say.
//
// The three files share one syntax, stricter than RFC 4180 in that a record never spans lines:
//
//   - UTF-8, with or without a byte order mark, in lines that end with LF or CRLF and have at
//     most 64 KiB;
//   - fields between commas, of which leading spaces and tabs are dropped, and those at the
//     end of the line;
//   - a field may stand in double quotes and then hold commas, spaces at its ends, and quotes,
//     each doubled;
//   - lines with nothing in them are skipped, and in the policy, where no name can be mistaken
//     for one, comments too: lines whose first character is "#".
//
// A policy that [ReadPolicy] takes is read by Casbin as the same fields, white space at the ends
// of a field aside, which no name may have. What a writer writes its reader reads back equal;
// what would not read back is refused, and nothing is written.
package policycsv
