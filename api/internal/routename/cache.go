package routename

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rightful-go/rightful/authz"
)

// Cache keeps the permissions of routes, so that a request costs no allocation. Its zero value is empty. It is safe for
// concurrent use.
type Cache struct {
	known   atomic.Pointer[map[route][]authz.Permission]
	writing sync.Mutex
}

type route struct{ method, pattern string }

// maxCached bounds the memory of a cache whose host takes something else than patterns for routes.
const maxCached = 2_000

// Get returns the permission of a route as a list, which the caller must not change. It makes what it doesn't know.
func (c *Cache) Get(method, pattern string, permission func(method, pattern string) authz.Permission) []authz.Permission {
	key := route{method, pattern}
	if known := c.known.Load(); known != nil {
		if list, ok := (*known)[key]; ok {
			return list
		}
	}
	list := []authz.Permission{permission(method, pattern)}
	c.writing.Lock()
	defer c.writing.Unlock()
	next := map[route][]authz.Permission{}
	if known := c.known.Load(); known != nil {
		if len(*known) >= maxCached {
			return list
		}
		next = maps.Clone(*known)
	}
	// The texts may be parts of a request, which they would keep in memory.
	next[route{strings.Clone(method), strings.Clone(pattern)}] = list
	c.known.Store(&next)
	return list
}
