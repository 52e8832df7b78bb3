package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/rightful-go/rightful/api/client"
	"github.com/spf13/cobra"
)

// service is a running service that a command asks.
type service struct{ address string }

func (s *service) addFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.address, "url", "",
		"`address` of the administrators' API with its prefix, such as https://desk.example/api/v1 (default $RIGHTFUL_URL)")
}

// open returns a client of the service. It sends nothing.
func (s *service) open(getenv func(string) string) (*client.Client, error) {
	address := cmp.Or(s.address, getenv("RIGHTFUL_URL"))
	if address == "" {
		return nil, usageError{errors.New("no service given: use --url or set RIGHTFUL_URL")}
	}
	token := func(context.Context) (string, error) { return getenv("RIGHTFUL_TOKEN"), nil }
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		return nil, usageError{err}
	}
	return c, nil
}
