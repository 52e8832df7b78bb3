// Command without is the host in the folder above, without Rightful.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/rightful-go/rightful/tools/hosts/gin-casbin3/app"
)

func main() {
	r, _, err := app.New(os.Args[1])
	if err == nil {
		err = app.Serve(context.Background(), r)
	}
	fmt.Fprintln(os.Stderr, "without:", err)
	os.Exit(1)
}
