package grpcguard

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

// statusCodes has the code for each kind of refusal.
var statusCodes = map[guard.RefusalKind]codes.Code{
	guard.RefusedAnonymous:    codes.Unauthenticated,
	guard.RefusedForbidden:    codes.PermissionDenied,
	guard.RefusedExpired:      codes.Unavailable,
	guard.RefusedUnidentified: codes.Unavailable,
	guard.RefusedNotFound:     codes.NotFound,
	guard.RefusedFailed:       codes.Internal,
}

// The status travels in trailers, of which some clients accept 8 KiB in all.
const (
	maxMissing = 2000 // bytes
	maxOthers  = 1000
	maxUser    = 400 // as many as an id can have
	retryAfter = 5 * time.Second
)

// recordedMethod is the method in the record of a denial. The route is the full method of the call.
const recordedMethod = "gRPC"

// refuse records a denial and returns its status.
func (g *Guard) refuse(d authz.Decision, method string) error {
	return g.status(g.core.Refusal(d, recordedMethod, method))
}

// failed returns the status for an error of a function given to RequireFunc.
func (g *Guard) failed(ctx context.Context, method string, err error) error {
	if errors.Is(err, guard.ErrNotFound) {
		return g.status(guard.Refusal{Kind: guard.RefusedNotFound, Detail: "Nothing exists under this name."})
	}
	g.limited.Failed(ctx, method, "can't find out which permissions a call needs", "method", method, "error", err)
	return g.status(guard.Refusal{Kind: guard.RefusedFailed, Detail: "Something went wrong on the server."})
}

// status returns a refusal as the error that ends a call.
func (g *Guard) status(f guard.Refusal) error {
	code, known := statusCodes[f.Kind]
	if !known { // a bug must not end a call well
		code = codes.Internal
	}
	s := status.New(code, f.Detail)
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{
		Reason: strings.ToUpper(strings.ReplaceAll(string(f.Kind), "-", "_")), Domain: g.domain, Metadata: metadata(f),
	}}
	if code == codes.Unavailable {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)})
	}
	with, err := s.WithDetails(details...)
	if err != nil { // ids that aren't UTF-8 can't be encoded
		return s.Err()
	}
	return with.Err()
}

// metadata says what the user lacks.
func metadata(f guard.Refusal) map[string]string {
	if f.Kind != guard.RefusedForbidden {
		return nil
	}
	data := map[string]string{}
	set := func(key, value string) {
		if value != "" {
			data[key] = value
		}
	}
	set("user", first([]string{string(f.User)}, "", maxUser))
	set("denial_id", string(f.DenialID))
	set("missing", first(each(f.Missing, func(e authz.Entry) string { return string(e.Permission) }), ",", maxMissing))
	set("missing_count", count(len(f.Missing)))
	set("forbidden_by", first(each(f.ForbiddenBy, func(by authz.Forbidden) string { return string(by.Permission) }), ",", maxOthers))
	set("forbidden_by_count", count(len(f.ForbiddenBy)))
	set("groups", first(each(f.Groups, together), "; ", maxOthers))
	if f.OneIsEnough {
		set("one_is_enough", "true")
	}
	return data
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// together returns groups that grant what is missing together. Names of groups have no commas.
func together(groups []authz.GroupName) string {
	return strings.Join(each(groups, func(name authz.GroupName) string { return string(name) }), ", ")
}

func each[T any](list []T, text func(T) string) []string {
	texts := make([]string, len(list))
	for i, item := range list {
		texts[i] = text(item)
	}
	return texts
}

// first joins the first texts of a list, as many whole ones as fit into so many bytes.
func first(list []string, separator string, most int) string {
	length := 0
	for i, text := range list {
		if length += len(text) + len(separator); length > most {
			list = list[:i]
			break
		}
	}
	return strings.Join(list, separator)
}
