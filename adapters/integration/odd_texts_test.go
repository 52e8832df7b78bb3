package integration_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// No text in a request makes a database look as if it were away (A9). PostgreSQL fails at NUL and at invalid UTF-8.
func TestNoTextInARequestIsAnOutage(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		engine := openOn(t, d, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		ana := restOf(engine)
		for _, text := range []string{"\x00", "\xff", "a\x00b", "a\xc3", "\xed\xa0\x80", "a\\", "'", strings.Repeat("𐐷", 200)} {
			in := url.PathEscape(text)
			query := url.QueryEscape(text)
			for _, request := range [][2]string{
				{"DELETE", "/users/" + in},
				{"GET", "/users/" + in},
				{"GET", "/users/" + in + "/groups"},
				{"GET", "/users/" + in + "/permissions"},
				{"GET", "/users/" + in + "/explanation?permission=a:b"},
				{"GET", "/users/ben/explanation?permission=" + query},
				{"PUT", "/groups/Administrators/members/" + in},
				{"DELETE", "/groups/Administrators/members/" + in},
				{"PUT", "/groups/" + in + "/members/ben"},
				{"GET", "/groups/" + in},
				{"DELETE", "/groups/" + in},
				{"GET", "/groups/" + in + "/members"},
				{"GET", "/denials/" + in},
				{"GET", "/denials?user=" + query},
				{"GET", "/denials?cursor=" + query},
				{"GET", "/changes?user=" + query},
				{"GET", "/changes?group=" + query},
				{"GET", "/changes?actor=" + query},
				{"GET", "/changes?cursor=" + query},
				{"GET", "/changes/" + in},
				{"POST", "/changes/" + in + "/revert"},
				{"GET", "/users?q=" + query},
				{"GET", "/users?group=" + query},
				{"GET", "/groups?q=" + query},
				{"GET", "/permissions?q=" + query},
				{"GET", "/permission-holders?permission=" + query},
			} {
				for _, ifMatch := range []string{"", `"7-3f9a61c2"`, `"0"`} {
					answer := ana.do(t.Context(), request[0], request[1], "", ifMatch)
					if answer.Code >= http.StatusInternalServerError {
						t.Errorf("%s %s (If-Match %s) answered %d: %s", request[0], request[1], ifMatch, answer.Code, answer.Body)
					}
				}
			}
			for _, request := range [][3]string{
				{"POST", "/groups", `{"name":` + quoted(text) + `}`},
				{"PATCH", "/groups/Administrators", `{"name":` + quoted(text) + `}`},
				{"PUT", "/users/ben/groups", `{"groups":[{"group":` + quoted(text) + `}]}`},
				{"PATCH", "/users/ben/permissions", `{"grant":[` + quoted(text) + `]}`},
				{"PATCH", "/groups/Administrators/members", `{"add":[` + quoted(text) + `]}`},
			} {
				answer := ana.do(t.Context(), request[0], request[1], request[2], "*")
				if answer.Code >= http.StatusInternalServerError {
					t.Errorf("%s %s %s answered %d: %s", request[0], request[1], request[2], answer.Code, answer.Body)
				}
			}
			if err := engine.Status().StoreErr; err != nil {
				t.Errorf("after requests with %.20q the store is away: %v", text, err)
			}
			for _, a := range []authz.Admin{engine.AsCommand(text), engine.As("ana").Via(text), engine.As("ana").Because(text)} {
				_, _ = a.Assign(t.Context(), authz.Administrators, "ben")
			}
			engine.RecordDenial(engine.Decide(authz.Question{User: authz.UserID(text), Permissions: []authz.Permission{authz.Permission(text)}}), text, text)
			if err := engine.Status().StoreErr; err != nil {
				t.Errorf("after a denial or a change of a program with %.20q the store is away: %v", text, err)
			}
		}
	})
}

// quoted is a JSON text of just these bytes, with NUL escaped.
func quoted(text string) string {
	return `"` + strings.NewReplacer("\x00", `\u0000`, `\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
