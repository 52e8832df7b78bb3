// Package rest sends the requests of the administrators' interface. All of it is generated from
// openapi.yaml; package client is what callers use.
package rest

// The tools' module pins the generator, so that what imports Rightful doesn't.
//
//go:generate go tool -modfile=../../../../tools/go.mod oapi-codegen -config config.yaml ../../../openapi.yaml
