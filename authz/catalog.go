package authz

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rightful-go/rightful/internal/textcheck"
)

// Entry is one permission in a [Catalog].
type Entry struct {
	Permission  Permission
	Label       string   // shown instead of the permission; 1–200 code points
	Category    []string // from the outermost in, each 1–200 code points
	Description string   // at most 1,000 code points
}

// Catalog lists the permissions that an application declares, for administrators to pick from. If it is
// empty, rules may name any permission.
type Catalog []Entry

// Rightful's own permissions. They are part of every catalog, and so is [AssignMembers] for each group.
const (
	ViewGroups        Permission = "rightful.groups:view"
	CreateGroups      Permission = "rightful.groups:create"
	UpdateGroups      Permission = "rightful.groups:update"
	DeleteGroups      Permission = "rightful.groups:delete"
	ViewUsers         Permission = "rightful.users:view"
	UpdateUsers       Permission = "rightful.users:update"
	ViewChanges       Permission = "rightful.changes:view"
	ImportPolicy      Permission = "rightful.policy:import"
	ExportPolicy      Permission = "rightful.policy:export"
	EvaluateDecisions Permission = "rightful.decisions:evaluate"
)

var ownEntries = Catalog{
	{ViewGroups, "View groups", []string{"Rightful", "Groups"}, "See groups, their permissions and the catalog."},
	{CreateGroups, "Create groups", []string{"Rightful", "Groups"}, ""},
	{UpdateGroups, "Change groups", []string{"Rightful", "Groups"}, "Rename and describe groups, and change their inheritance and rules."},
	{DeleteGroups, "Delete groups", []string{"Rightful", "Groups"}, ""},
	{ViewUsers, "View users", []string{"Rightful", "Users"}, "See the groups and permissions of each user."},
	{UpdateUsers, "Change users", []string{"Rightful", "Users"}, "Add users to groups, remove them, and change their own rules."},
	{ViewChanges, "View changes", []string{"Rightful", "Changes"}, "See who changed what and when, and the full status."},
	{ImportPolicy, "Import policies", []string{"Rightful", "Policy"}, ""},
	{ExportPolicy, "Export the policy", []string{"Rightful", "Policy"}, ""},
	{EvaluateDecisions, "Evaluate decisions", []string{"Rightful", "Decisions"}, "Ask for decisions about any user; meant for other services."},
}

func assignEntry(group GroupName) Entry {
	return Entry{
		Permission:  AssignMembers(group),
		Label:       "Assign members of " + string(group),
		Category:    []string{"Rightful", "Members"},
		Description: "Add other users to the group and remove them, without holding what it gives.",
	}
}

// catalog is a valid Catalog with Rightful's own permissions added, indexed for lookups.
type catalog struct {
	declared bool // false if the application declares nothing: then any permission is accepted
	entries  Catalog
	byName   map[Permission]int
	sorted   []Permission
	objects  map[string][]string // the objects of each action, and under "*" those of all; sorted
	near     func() *nearIndex   // made when it is first needed
}

// newCatalog indexes what the application declares. Its error names every bad entry.
func newCatalog(declared Catalog) (*catalog, error) {
	c := &catalog{
		declared: len(declared) > 0,
		entries:  slices.Concat(declared, ownEntries),
		byName:   make(map[Permission]int, len(declared)+len(ownEntries)),
	}
	var faults []string
	fault := func(e Entry, format string, args ...any) {
		faults = append(faults, fmt.Sprintf("%q ", e.Permission)+fmt.Sprintf(format, args...))
	}
	for i, e := range c.entries {
		c.entries[i] = e.clone()
		if _, ok := c.byName[e.Permission]; ok {
			fault(e, "is declared twice")
			continue
		}
		c.byName[e.Permission] = i
		c.sorted = append(c.sorted, e.Permission)
		if i < len(declared) {
			for _, err := range e.Check() {
				fault(e, "%v", err)
			}
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("the catalog can't be used: %s", strings.Join(faults, "; "))
	}
	slices.Sort(c.sorted)
	c.objects = map[string][]string{}
	for _, p := range c.sorted {
		object, action, _ := p.Split()
		c.objects[action] = append(c.objects[action], object)
		c.objects["*"] = append(c.objects["*"], object)
	}
	for _, list := range c.objects {
		slices.Sort(list)
	}
	c.near = sync.OnceValue(c.newNearIndex)
	return c, nil
}

func (c *catalog) newNearIndex() *nearIndex {
	names := make([]string, len(c.entries))
	for i, e := range c.entries {
		names[i] = string(e.Permission)
	}
	return newNearIndex(names)
}

func (e Entry) clone() Entry {
	e.Category = slices.Clone(e.Category)
	return e
}

// Check returns everything that is wrong with e as an entry of an application's catalog. The texts
// complete a sentence that begins with the permission.
func (e Entry) Check() (faults []error) {
	add := func(what string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %w", what, err))
		}
	}
	if err := e.Permission.Check(); err != nil {
		faults = append(faults, err)
	}
	if strings.HasPrefix(string(e.Permission), ownPrefix) {
		faults = append(faults, fmt.Errorf("begins with %q, which is reserved for Rightful's own permissions", ownPrefix))
	}
	add("the label", textcheck.Check(e.Label, 1, maxLabel))
	for _, c := range e.Category {
		add("the category", textcheck.Check(c, 1, maxLabel))
	}
	add("the description", textcheck.Check(e.Description, 0, textcheck.MaxDescription))
	return faults
}

// knows reports whether p covers a declared permission, or names one resource of a declared type: with
// "record:read" declared, "record.17:read" is known.
func (c *catalog) knows(p Pattern) bool {
	t := p.target()
	objects := c.objects[t.action]
	declared := func(object string) bool {
		_, found := slices.BinarySearch(objects, object)
		return found
	}
	if t.below {
		i, _ := slices.BinarySearch(objects, t.object)
		return i < len(objects) && strings.HasPrefix(objects[i], t.object) || declared(strings.TrimSuffix(t.object, "."))
	}
	if declared(t.object) {
		return true
	}
	i := strings.LastIndexByte(t.object, '.')
	return i > 0 && isSegment(t.object[i+1:]) && declared(t.object[:i])
}

// appendCovered appends the declared permissions that a pattern with a wildcard covers.
func (c *catalog) appendCovered(list []Permission, t target) []Permission {
	return appendCovered(list, c.sorted, t)
}

// appendCovered appends those of a sorted list that a pattern with a wildcard covers.
func appendCovered(list, sorted []Permission, t target) []Permission {
	prefix := t.object
	if !t.below {
		prefix += ":"
	}
	from, _ := slices.BinarySearch(sorted, Permission(prefix))
	for _, p := range sorted[from:] {
		if !strings.HasPrefix(string(p), prefix) {
			break
		}
		object, action, _ := p.Split()
		if (t.below || object == t.object) && (t.action == "*" || t.action == action) {
			list = append(list, p)
		}
	}
	return list
}
