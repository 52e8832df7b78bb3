package grpcguard_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/rightful-go/rightful/api/grpcguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

// How much a refusal reveals is the host's choice.
func TestTell(t *testing.T) {
	engine := open(t, authz.Options{Requests: authz.RequestOptions{Conceal: true}}) // for TellNothing
	_, err := engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"orders:view"}}})
	if err != nil {
		t.Fatal(err)
	}
	for tell, want := range map[guard.Tell]string{
		guard.TellMissing: "map[missing:orders:view missing_count:1 user:ben]",
		guard.TellNothing: "map[user:ben]",
		guard.TellGroups:  "map[groups:Desk missing:orders:view missing_count:1 user:ben]",
	} {
		_, connection := serve(t, grpcguard.New(engine, currentUser, table, grpcguard.Options{Tell: tell, Logger: quiet.Logger}))
		_, err := invoke(as(t, "ben"), connection, "/orders.Orders/Show", "17")
		data := map[string]string{}
		info, _ := infoOf(t, err)
		for key, value := range info.GetMetadata() {
			data[key] = value
		}
		if data["denial_id"] == "" || info.GetDomain() != "rightful" {
			t.Errorf("%v: %v", tell, info)
		}
		delete(data, "denial_id")
		if got := fmt.Sprint(data); got != want {
			t.Errorf("%v: got %s, want %s", tell, got, want)
		}
		if told := strings.Contains(err.Error(), "1 more permission"); told != (tell != guard.TellNothing) {
			t.Errorf("%v: %v", tell, err)
		}
	}
}

// However much a call asks for, its status fits into the trailers that clients accept.
func TestStatusIsBounded(t *testing.T) {
	engine := open(t, authz.Options{})
	change(t, engine, authz.RulesDelta{Restrict: []authz.Pattern{"orders:view"}, Grant: []authz.Pattern{"orders:view"}})
	many := []authz.Permission{"orders:view"}
	for i := range 500 {
		many = append(many, authz.Permission(fmt.Sprintf("%s%d:%s", strings.Repeat("語", 90), i, strings.Repeat("語", 100))))
	}
	methods := grpcguard.Methods{"/orders.Orders/*": grpcguard.RequireFunc(func(context.Context, any) ([]authz.Permission, error) { return many, nil })}
	_, connection := serve(t, grpcguard.New(engine, currentUser, methods, quiet))
	_, err := invoke(as(t, "ben"), connection, "/orders.Orders/Show", "17")
	info, _ := infoOf(t, err)
	if size := proto.Size(status.Convert(err).Proto()); size > 6000 || info.GetMetadata()["missing_count"] != "500" || info.GetMetadata()["forbidden_by_count"] != "1" {
		t.Errorf("%d bytes: %v", size, info)
	}
	if missing := strings.Split(info.GetMetadata()["missing"], ","); len(missing) != 3 || missing[2] != string(many[3]) {
		t.Errorf("%d permissions are listed", len(missing))
	}
}

// An id that isn't UTF-8, which no user can have, is refused all the same.
func TestUserThatCannotBeEncoded(t *testing.T) {
	odd := func(context.Context) (authz.UserID, error) { return "\xff", nil }
	_, connection := serve(t, grpcguard.New(open(t, authz.Options{}), odd, table, quiet))
	if _, err := invoke(as(t, ""), connection, "/orders.Orders/Show", "17"); status.Code(err) != codes.PermissionDenied {
		t.Error(err)
	}
}
