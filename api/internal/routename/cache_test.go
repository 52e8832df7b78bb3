package routename_test

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rightful-go/rightful/api/internal/routename"
	"github.com/rightful-go/rightful/authz"
)

func TestCache(t *testing.T) {
	var c routename.Cache
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 3_000 { // more than are kept
				pattern := "/" + strconv.Itoa(i)
				if got := c.Get("GET", pattern, routename.Permission); len(got) != 1 || got[0] != authz.Permission(pattern+":GET") {
					t.Errorf("got %q for %q", got, pattern)
				}
			}
		})
	}
	group.Wait()
	made := 0
	count := func(method, pattern string) authz.Permission {
		made++
		return routename.Permission(method, pattern)
	}
	for range 3 {
		c.Get("GET", "/0", count)
	}
	if made != 0 {
		t.Errorf("a known permission was made %d times", made)
	}
	c.Get("POST", "/0", count)
	if made != 1 {
		t.Errorf("that of another method was made %d times", made)
	}
	for range 3 {
		c.Get("GET", "/beyond", count)
	}
	if made != 4 {
		t.Errorf("beyond the limit, permissions were made %d times, not 4", made)
	}
}

func TestCacheDoesNotAllocate(t *testing.T) {
	var c routename.Cache
	c.Get("GET", "/users/{id}", routename.Permission)
	if n := testing.AllocsPerRun(100, func() { c.Get("GET", "/users/{id}", routename.Permission) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A method and a path may be parts of a request, of which nothing else is kept.
func TestCacheKeepsNoRequests(t *testing.T) {
	var c routename.Cache
	const routes, line = 500, 64 << 10
	before := heap()
	for i := range routes {
		request := "GET /" + strconv.Itoa(i) + strings.Repeat(" ", line)
		c.Get(request[:3], strings.TrimRight(request[4:], " "), routename.Permission)
	}
	if grown := heap() - before; grown > routes*line/4 {
		t.Errorf("%d routes take %d KiB", routes, grown>>10)
	}
	c.Get("GET", "/", routename.Permission)
}

// heap returns how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
