package policycsv

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// categorySeparator separates the categories of an entry, which begin with the outermost.
const categorySeparator = " > "

// ReadCatalog reads the permissions that an application declares. The header is "category,permission,label"
// or "category,permission,label,description". A category is a path such as "Clients > Profiles", or empty.
//
// If lines are bad, the error is an [*authz.Error] of kind [authz.ErrImportRejected] with their faults. Errors
// of r are returned as they are.
func ReadCatalog(r io.Reader) (authz.Catalog, error) {
	var (
		catalog authz.Catalog
		bad     faultList
		check   = catalogCheck{}
	)
	err := catalogTable.read(r, &bad, func(line int, fields []string) {
		entry := authz.Entry{
			Permission:  authz.Permission(fields[1]),
			Label:       fields[2],
			Category:    splitCategory(fields[0]),
			Description: fields[3],
		}
		for _, detail := range check.entry(line, entry) {
			bad.add(line, detail)
		}
		catalog = append(catalog, entry)
	})
	if err != nil {
		return nil, err
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	return catalog, nil
}

// WriteCatalog writes a catalog in its order, with a column for descriptions if any entry has one. If an entry
// couldn't be read back, it returns an error that names the entry's line and writes nothing.
func WriteCatalog(w io.Writer, catalog authz.Catalog) error {
	columns := len(catalogTable.columns)
	if !slices.ContainsFunc(catalog, func(e authz.Entry) bool { return e.Description != "" }) {
		columns--
	}
	out := lineWriter{separator: ","}
	out.add(catalogTable.columns[:columns])
	check := catalogCheck{}
	for i, e := range catalog {
		category := strings.Join(e.Category, categorySeparator)
		details := check.entry(i+2, e)
		if !slices.Equal(splitCategory(category), e.Category) {
			details = append(details, fmt.Sprintf("%s: a category contains %q, which separates categories",
				excerpt(string(e.Permission)), categorySeparator))
		}
		out.add([]string{category, string(e.Permission), e.Label, e.Description}[:columns], details...)
	}
	return out.writeTo(w)
}

func splitCategory(field string) []string {
	if field == "" {
		return nil
	}
	return strings.Split(field, categorySeparator)
}

// catalogCheck maps the permissions seen so far to their lines.
type catalogCheck map[authz.Permission]int

// entry returns what is wrong with an entry, given those before it.
func (c catalogCheck) entry(line int, e authz.Entry) (details []string) {
	name := excerpt(string(e.Permission))
	for _, err := range e.Check() {
		details = append(details, fmt.Sprintf("%s: %v", name, err))
	}
	if first, ok := c[e.Permission]; ok {
		return append(details, fmt.Sprintf("%s is declared twice, on line %d and here", name, first))
	}
	c[e.Permission] = line
	return details
}
