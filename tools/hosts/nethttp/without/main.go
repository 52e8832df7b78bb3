// Command without is the host in the folder above, without Rightful.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/rightful-go/rightful/tools/hosts/nethttp/app"
)

func main() {
	mux := http.NewServeMux()
	mux.Handle("GET /reports", app.SignedIn(http.HandlerFunc(app.Reports)))
	fmt.Fprintln(os.Stderr, "without:", app.Serve(context.Background(), mux))
	os.Exit(1)
}
