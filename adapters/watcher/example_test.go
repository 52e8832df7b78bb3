package watcher_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"

	rediswatcher "github.com/casbin/redis-watcher/v2"
	"github.com/rightful-go/rightful/adapters/watcher"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// loop is a watcher that sends its messages to itself.
type loop struct{ callback func(string) }

func (l *loop) SetUpdateCallback(callback func(string)) error { l.callback = callback; return nil }
func (l *loop) Update() error                                 { l.callback("changed"); return nil }
func (l *loop) Close()                                        {}

func ExampleNew() {
	notifier, err := watcher.New(&loop{}) // any watcher of Casbin's, for v2 or v3
	if err != nil {
		fmt.Println(err)
		return
	}
	defer notifier.Close()
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{
		Bootstrap: "ana", Notifier: notifier, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(context.Background())
	fmt.Println(engine.Can("ana", "reports:view"))
	// Output: true
}

func ExampleOpen() {
	notifier, err := watcher.Open(func(callback func(string)) (watcher.Watcher, error) {
		return rediswatcher.NewWatcher("127.0.0.1:6379", rediswatcher.WatcherOptions{
			Channel: "acme_rightful", OptionalUpdateCallback: callback,
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	_ = notifier // for authz.Options
}
