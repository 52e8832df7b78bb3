package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The project's central story: a user gets a 403 that lists the missing permissions, an administrator
// adds the user to a group, and the next request is allowed.
func TestDenialAndChange(t *testing.T) {
	o := newOffice(t)
	cleo, ana := o.signIn("cleo"), o.signIn("ana")
	missing := []string{
		"clients.requests.deposit:update", "finance.operations:create",
		"system.requests.resolutions:view", "system.requests.resolution-types:view",
	}

	o.want(http.StatusOK, "GET", "/requests/1", "", cleo) // a deposit, which she may see
	refused := o.want(http.StatusForbidden, "POST", "/requests/1/approve", "", cleo).problem(t)
	if refused.Type != "urn:rightful:problem:forbidden" || refused.User != "cleo" || !slices.Equal(refused.missing(), missing) {
		t.Errorf("cleo was refused with %+v", refused)
	}
	if first := refused.Missing[0]; first.Label != "Update client's requests with type Deposit" ||
		!slices.Equal(first.Category, []string{"Clients", "Client's request"}) {
		t.Errorf("the first missing permission lacks its label or category: %+v", first)
	}
	page := o.want(http.StatusForbidden, "POST", "/requests/1/approve", "", cleo, asPage)
	if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
		t.Errorf("the page comes as %q", page.header.Get("Content-Type"))
	}
	for _, text := range append(missing, "Book operations", "cleo", "Denial: ") {
		if !strings.Contains(page.body, text) {
			t.Errorf("the page doesn't say %q", text)
		}
	}

	denial := o.denial(refused.DenialID, ana)
	if denial.Route != "/requests/:id/approve" || !slices.Equal(denial.Missing, missing) || denial.AllowedNow {
		t.Errorf("the denial is %+v", denial)
	}
	given := o.want(http.StatusNoContent, "PUT", "/api/v1/groups/Requests%20desk/members/cleo", "", ana)
	denial = o.denial(refused.DenialID, ana)
	if !denial.AllowedNow || fmt.Sprint(denial.AllowedSince) != given.header.Get("Rightful-Revision") {
		t.Errorf("after revision %s the denial is %+v", given.header.Get("Rightful-Revision"), denial)
	}

	var approved request
	o.want(http.StatusOK, "POST", "/requests/1/approve", "", cleo).decode(t, &approved)
	if approved.ID != 1 || approved.Status != "approved" || approved.Resolution.By != "cleo" {
		t.Errorf("the request is now %+v", approved)
	}

	o.want(http.StatusNoContent, "DELETE", "/api/v1/groups/Requests%20desk/members/cleo", "", ana)
	o.want(http.StatusForbidden, "POST", "/requests/1/reject", "", cleo)
}

// denial has the members of a recorded denial that the tests check.
type denial struct {
	User, Route  string
	Required     []string
	Missing      []string
	AllowedNow   bool `json:"allowed_now"`
	AllowedSince int  `json:"allowed_since"`
}

// denial reads a denial by the id in its 403. It is recorded in the background.
func (o *office) denial(id string, as header) (d denial) {
	o.t.Helper()
	path := "/api/v1/denials/" + id
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); { // long, for busy machines
		if r := o.send("GET", path, "", as); r.status != http.StatusNotFound {
			break
		}
	}
	o.want(http.StatusOK, "GET", path, "", as).decode(o.t, &d)
	return d
}

func TestRestartKeepsState(t *testing.T) {
	c := testConfig(t)
	o, stop := openOffice(t, c)
	cleo, ana := o.signIn("cleo"), o.signIn("ana")
	o.want(http.StatusNoContent, "PUT", "/api/v1/groups/Requests%20desk/members/cleo", "", ana)
	o.want(http.StatusOK, "POST", "/requests/1/approve", "", cleo)
	o.want(http.StatusNoContent, "PUT", "/api/v1/groups/Finance/members/zoe", "", ana)
	stop()

	c.demoPassword = "" // the one stored in the database
	o, stop = openOffice(t, c)
	if o.password != testPassword {
		t.Errorf("the demo password is now %q", o.password)
	}
	var kept request
	o.want(http.StatusOK, "GET", "/requests/1", "", cleo).decode(t, &kept)
	if kept.Status != "approved" {
		t.Errorf("request 1 is %s again", kept.Status)
	}
	o.want(http.StatusOK, "POST", "/requests/2/approve", "", o.signIn("cleo"))
	// Only the demo users of the first start have accounts; a membership alone doesn't let zoe sign in.
	o.want(http.StatusUnauthorized, "POST", "/login", "user=zoe&password="+testPassword, asForm)
	stop()

	c.demoPassword = "another one"
	o, _ = openOffice(t, c)
	o.want(http.StatusUnauthorized, "POST", "/login", "user=cleo&password="+testPassword, asForm)
	o.want(http.StatusOK, "POST", "/login", "user=cleo&password=another+one", asForm)
}

// The last administrator with an account can't leave the group while all others have none.
func TestLastAdministratorNeedsAccount(t *testing.T) {
	o := newOffice(t)
	ana := o.signIn("ana")
	o.want(http.StatusNoContent, "PUT", "/api/v1/groups/Administrators/members/ghost", "", ana)
	left := o.want(http.StatusConflict, "DELETE", "/api/v1/groups/Administrators/members/ana", "", ana).problem(t)
	if left.Type != "urn:rightful:problem:last-administrator" {
		t.Errorf("ana was refused with %s", left.Type)
	}
	o.want(http.StatusNoContent, "PUT", "/api/v1/groups/Administrators/members/ben", "", ana)
	o.want(http.StatusNoContent, "DELETE", "/api/v1/groups/Administrators/members/ana", "", ana)
}
