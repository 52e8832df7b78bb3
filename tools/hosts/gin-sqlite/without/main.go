// Command without is the host in the folder above, without Rightful.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/rightful-go/rightful/tools/hosts/gin-sqlite/app"
)

func main() {
	r := app.New()
	r.GET("/reports", app.Reports)
	fmt.Fprintln(os.Stderr, "without:", app.Serve(context.Background(), r))
	os.Exit(1)
}
