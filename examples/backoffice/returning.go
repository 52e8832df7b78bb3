package main

import "github.com/rightful-go/rightful/internal/localpath"

// maxReturn is the maximum length of an address to return to, in bytes.
const maxReturn = localpath.MaxLength

// returnTo returns the address to go to after signing in: the one that was asked for if it is a path of this host, and
// the start page otherwise.
func returnTo(asked string) string {
	if localpath.Valid(asked) {
		return asked
	}
	return "/"
}
