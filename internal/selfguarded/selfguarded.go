// Package selfguarded marks Gin handlers that ask for permissions themselves, so that a router that
// watches routes doesn't report them as unguarded.
package selfguarded

import (
	"reflect"

	"github.com/gin-gonic/gin"
)

type handler struct{ serve gin.HandlerFunc }

func (h handler) handle(c *gin.Context) { h.serve(c) }

// Handler marks a handler.
func Handler(serve gin.HandlerFunc) gin.HandlerFunc { return handler{serve}.handle }

// Is reports whether a handler was marked. Functions can't be compared, but the code of a method is
// the same for all its receivers.
func Is(h gin.HandlerFunc) bool { return code(h) == code(handler{}.handle) }

func code(h gin.HandlerFunc) uintptr { return reflect.ValueOf(h).Pointer() }
