package authz_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func TestDeclarations(t *testing.T) {
	t.Parallel()
	var d authz.Declarations
	category := []string{"System", "Settings"}
	if p := d.Declare("system.settings:view", "View settings", category...); p != "system.settings:view" {
		t.Errorf("got %q", p)
	}
	d.DeclareEntry(authz.Entry{Permission: "system.settings:update", Label: "Change settings", Description: "With care."})
	category[0] = "changed later"
	want := authz.Catalog{
		{Permission: "system.settings:view", Label: "View settings", Category: []string{"System", "Settings"}},
		{Permission: "system.settings:update", Label: "Change settings", Description: "With care."},
	}
	got := d.Catalog()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	got[0].Category[0] = "changed by the caller"
	if !reflect.DeepEqual(d.Catalog(), want) {
		t.Errorf("got %v", d.Catalog())
	}
	engine := open(t, memstore.New(), authz.Options{Catalog: d.Catalog()})
	if list := engine.View().Catalog([]string{"System"}, ""); len(list) != 1 || list[0].Label != "View settings" {
		t.Errorf("the engine has %v", list)
	}
}

func TestDeclarePanics(t *testing.T) {
	t.Parallel()
	for want, declare := range map[string]func(*authz.Declarations){
		`Declare("a"): is not of the form`:          func(d *authz.Declarations) { d.Declare("a", "A") },
		`Declare("a:b"): the label is empty`:        func(d *authz.Declarations) { d.Declare("a:b", "") },
		"reserved":                                  func(d *authz.Declarations) { d.Declare("rightful.x:view", "X") },
		`Declare("a:*"): contains "*"`:              func(d *authz.Declarations) { d.Declare("a:*", "A") },
		`Declare("a:c"): declared before, as "A c"`: func(d *authz.Declarations) { d.Declare("a:c", "A c"); d.Declare("a:c", "Other") },
	} {
		var d authz.Declarations
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, want) {
					t.Errorf("panicked with %q, want %q", got, want)
				}
			}()
			declare(&d)
		}()
	}
}

func TestDeclareConcurrently(t *testing.T) {
	t.Parallel()
	var d authz.Declarations
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			d.Declare(authz.Permission(fmt.Sprintf("a:%d", i)), "A")
			_ = d.Catalog()
		})
	}
	group.Wait()
	if n := len(d.Catalog()); n != 20 {
		t.Errorf("%d entries", n)
	}
}

// Permissions are declared beside the routes that need them.
func ExampleDeclarations() {
	var permissions authz.Declarations
	viewSettings := permissions.Declare("system.settings:view", "View settings", "System", "Settings")

	fmt.Println(viewSettings)
	for _, e := range permissions.Catalog() {
		fmt.Println(e.Permission, "|", e.Label, "|", strings.Join(e.Category, " > "))
	}
	// Output:
	// system.settings:view
	// system.settings:view | View settings | System > Settings
}
