package dbtest

import (
	"bytes"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Link stands between a notifier and its server, and can be cut.
type Link struct {
	listener net.Listener
	server   string
	ended    sync.WaitGroup

	hear   atomic.Pointer[func(p *pair, sent []byte)] // what goes to the server
	mu     sync.Mutex
	gone   bool // new connections end at once
	silent bool // new connections are mute
	dials  int
	pairs  []*pair
}

// pair is a connection to the link and the one from there to the server.
type pair struct {
	near, far net.Conn
	mute      atomic.Bool // nothing goes through, without an error on either side
	deaf      atomic.Bool // the next answer ends the connection instead
}

// NewLink returns a link to the server at HOST:PORT, which is gone with the test.
func NewLink(t *testing.T, server string) *Link {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{listener: listener, server: server}
	l.ended.Go(l.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		l.Cut()
		l.ended.Wait()
	})
	return l
}

// Address is where the link listens.
func (l *Link) Address() string { return l.listener.Addr().String() }

func (l *Link) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		l.join(near)
	}
}

func (l *Link) join(near net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dials++
	if l.gone {
		_ = near.Close()
		return
	}
	far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", l.server)
	if err != nil {
		_ = near.Close()
		return
	}
	p := &pair{near: near, far: far}
	p.mute.Store(l.silent)
	l.pairs = append(l.pairs, p)
	l.ended.Go(func() { p.carry(near, far, p.deaf.Load) })
	l.ended.Go(func() {
		p.carry(far, near, func() bool { return false }, func(sent []byte) {
			if hear := l.hear.Load(); hear != nil {
				(*hear)(p, sent)
			}
		})
	})
}

// carry copies until one of both ends, or it is to be the end.
func (p *pair) carry(to, from net.Conn, end func() bool, hear ...func([]byte)) {
	defer func() { _, _ = p.near.Close(), p.far.Close() }()
	buffer := make([]byte, 4096)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if p.mute.Load() {
			continue
		}
		if end() {
			return
		}
		for _, h := range hear {
			h(buffer[:n])
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// Cut ends all connections, and those to come.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.pairs {
		_ = p.near.Close()
		_ = p.far.Close()
	}
	l.gone, l.pairs = true, nil
}

// Silence makes the server vanish without a word.
func (l *Link) Silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.pairs {
		p.mute.Store(true)
	}
	l.silent = true
}

// Mend is for new connections. Those that are mute stay so.
func (l *Link) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone, l.silent = false, false
}

// Dialed returns how many connections were tried.
func (l *Link) Dialed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dials
}

// LoseAnswerTo cuts the next connection that a statement goes over, after the server has had it
// and answered. It returns whether that has happened.
func (l *Link) LoseAnswerTo(statement string) func() bool {
	var lost atomic.Bool
	want := []byte(statement)
	hear := func(p *pair, sent []byte) {
		if bytes.Contains(sent, want) && lost.CompareAndSwap(false, true) {
			p.deaf.Store(true)
		}
	}
	l.hear.Store(&hear)
	return lost.Load
}
