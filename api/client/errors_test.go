package client_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

func TestErrorsHaveTheMembersOfTheProblem(t *testing.T) {
	s := newService(t)
	err := s.as(t, "cleo").Group("Desk").Add(t.Context(), "ben")
	var problem *client.Error
	if !errors.As(err, &problem) || problem.Type != openapi.ProblemTypeForbidden || len(problem.Missing) != 3 || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v", err)
	}
	if _, err := s.as(t, "").Me(t.Context()); !client.Is(err, openapi.ProblemTypeUnauthenticated) {
		t.Errorf("nobody: %v", err)
	}
	s.seen, s.answers = nil, []func(http.ResponseWriter){func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"type":"urn:rightful:problem:escalation","detail":"No.","missing":[{"permission":"a:b"}],"missing_count":3}`)
	}}
	if err := s.as(t, "ana").Group("Desk").Add(t.Context(), "ben"); err == nil || err.Error() != "rightful: 403: No. Missing: a:b and 2 more" {
		t.Errorf("an escalation: %v", err)
	}
	s.seen, s.answers = nil, []func(http.ResponseWriter){func(w http.ResponseWriter) { http.Error(w, "<h1>Oops</h1>", http.StatusBadGateway) }}
	_, err = s.as(t, "ana").Me(t.Context())
	if !errors.As(err, &problem) || problem.Type != "about:blank" || problem.Status != 502 || strings.Contains(err.Error(), "Oops") {
		t.Errorf("a gateway's: %v", err)
	}
	s.seen, s.answers = nil, []func(http.ResponseWriter){func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<h1>Sign in</h1>") }}
	if _, err = s.as(t, "ana").Me(t.Context()); err == nil || errors.As(err, new(*client.Error)) {
		t.Errorf("a page in place of JSON: %v", err)
	}
}
