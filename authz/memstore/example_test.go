package memstore_test

import (
	"context"
	"fmt"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func ExampleNew() {
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{Bootstrap: "ana"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(context.Background())
	fmt.Println(engine.Can("ana", "reports:view"), engine.Can("ben", "reports:view"))
	// Output: true false
}
