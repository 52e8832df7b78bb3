package selfguarded_test

import (
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/internal/selfguarded"
)

func TestHandler(t *testing.T) {
	served := 0
	serve := func(*gin.Context) { served++ }
	marked := selfguarded.Handler(serve)
	marked(nil)
	if served != 1 {
		t.Errorf("the handler ran %d times", served)
	}
	if !selfguarded.Is(marked) || !selfguarded.Is(selfguarded.Handler(func(*gin.Context) {})) {
		t.Error("a marked handler isn't recognized")
	}
	if selfguarded.Is(serve) || selfguarded.Is(func(c *gin.Context) { marked(c) }) {
		t.Error("an unmarked handler is recognized")
	}
}
