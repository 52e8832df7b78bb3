package ginguard_test

import (
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
)

// Gin's handlers are read from its trees. With this version that works for all routes.
func TestHandlersOfGinAreRead(t *testing.T) {
	r := gin.New()
	r.Use(pass)
	r.GET("/", through)
	r.Group("/a", pass, pass).Any("/:id/*rest", through)
	if n, ok := ginguard.ChainLengths(r); !ok || len(n) != 10 || n[0] != 2 || n[9] != 4 {
		t.Errorf("got %d, %v", n, ok)
	}
	if n, ok := ginguard.ChainLengths(gin.New()); !ok || len(n) != 0 {
		t.Errorf("without routes got %d, %v", n, ok)
	}
}

// If a version of Gin has other fields, no route is taken for guarded.
func TestUnknownTreesAreNotRead(t *testing.T) {
	type node struct {
		handlers gin.HandlersChain
		children []*node
	}
	type handlersOfStrings struct {
		handlers []string
		children []*handlersOfStrings
	}
	type childrenOfOthers struct {
		handlers gin.HandlersChain
		children []node
	}
	type tree[N any] struct{ root N }
	leaf := &node{handlers: gin.HandlersChain{through}}
	for name, c := range map[string]struct {
		engine any
		want   int // -1 for unreadable
	}{
		"as Gin's":            {&struct{ trees []tree[*node] }{[]tree[*node]{{&node{children: []*node{leaf, leaf}}}, {nil}}}, 2},
		"no trees":            {&struct{ forest []tree[*node] }{}, -1},
		"a map of trees":      {&struct{ trees map[string]*node }{}, -1},
		"no root":             {&struct{ trees []node }{[]node{*leaf}}, -1},
		"a root by value":     {&struct{ trees []tree[node] }{[]tree[node]{{*leaf}}}, -1},
		"no handlers":         {&struct{ trees []tree[*tree[int]] }{[]tree[*tree[int]]{{&tree[int]{}}}}, -1},
		"other handlers":      {&struct{ trees []tree[*handlersOfStrings] }{[]tree[*handlersOfStrings]{{&handlersOfStrings{handlers: []string{""}, children: nil}}}}, -1},
		"children by value":   {&struct{ trees []tree[*childrenOfOthers] }{[]tree[*childrenOfOthers]{{&childrenOfOthers{handlers: nil, children: []node{{}}}}}}, -1},
		"something else":      {new(int), -1},
		"nothing":             {nil, -1},
		"no pointer to trees": {struct{ trees []tree[*node] }{[]tree[*node]{{leaf}}}, 1},
	} {
		got, ok := ginguard.ChainLengths(c.engine)
		if ok != (c.want >= 0) || ok && len(got) != c.want {
			t.Errorf("%s: got %d, %v", name, got, ok)
		}
	}
}

// Then the error of Check lists every route and says why.
func TestCheckWithoutReadableRoutes(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := g.Router(gin.New())
	r.GET("/x", g.Require("finance.balances:view"), through)
	ginguard.Unreadable(t)
	err := r.Check()
	if err == nil || !strings.Contains(err.Error(), "GET /x") || !strings.Contains(err.Error(), "version of Gin ("+gin.Version+")") {
		t.Errorf("got %v", err)
	}
	if _, err := r.Catalog(nil); err == nil || !strings.Contains(err.Error(), gin.Version) {
		t.Errorf("Catalog: %v", err)
	}
}
