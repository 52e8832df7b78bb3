package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// kin validates with kin-openapi.
type kin struct {
	router  routers.Router
	options *openapi3filter.Options
}

func newKin(document []byte) (*kin, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	// For OpenAPI 3.1 it uses the same JSON Schema library as libopenapi-validator, so the two would
	// not be independent. For 3.0 it uses its own code. The other validator checks what that code
	// doesn't support (const, prefixItems, if and the like).
	doc.OpenAPI = "3.0.4"
	// Its CSV reader refuses rows of different lengths.
	openapi3filter.RegisterBodyDecoder("text/csv", openapi3filter.PlainBodyDecoder)
	openapi3filter.RegisterBodyDecoder(pageType, openapi3filter.PlainBodyDecoder)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, err
	}
	return &kin{router, &openapi3filter.Options{
		MultiError: true, IncludeResponseStatus: true, SkipSettingDefaults: true,
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, // the host's, see judge
	}}, nil
}

func (k *kin) name() string { return "kin-openapi" }

func (k *kin) input(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	route, params, err := k.router.FindRoute(r)
	if err != nil {
		return nil, err
	}
	for name, value := range params { // as it was sent
		if params[name], err = url.PathUnescape(value); err != nil {
			return nil, err
		}
	}
	return &openapi3filter.RequestValidationInput{Request: r, Route: route, PathParams: params, Options: k.options}, nil
}

func (k *kin) knows(r *http.Request) bool {
	_, err := k.input(r)
	return err == nil
}

func (k *kin) request(r *http.Request) error {
	input, err := k.input(r)
	if err != nil {
		return err
	}
	return openapi3filter.ValidateRequest(r.Context(), input)
}

func (k *kin) response(r *http.Request, answer *http.Response) error {
	input, err := k.input(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	checked := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.StatusCode, Header: answer.Header, Options: k.options,
	}
	checked.SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(r.Context(), checked); err != nil {
		return err
	}
	// It accepts a body where none is described.
	described := input.Route.Operation.Responses.Status(answer.StatusCode)
	if described != nil && len(described.Value.Content) == 0 && len(body) > 0 {
		return fmt.Errorf("a body of %d bytes, which the document doesn't describe", len(body))
	}
	return nil
}
