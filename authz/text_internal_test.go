package authz

import (
	"strings"
	"testing"
	"unsafe"
)

// What is kept of a request doesn't keep the request.
func TestPrintableTextIsACopy(t *testing.T) {
	request := strings.Repeat("x", 1000)
	for _, text := range []string{request[:10], request[:5] + "\x01" + request[:5]} {
		kept := printable(text, 100)
		if len(kept) < 10 || unsafe.StringData(kept) == unsafe.StringData(text) {
			t.Errorf("%q is a part of what was sent", kept)
		}
	}
}
