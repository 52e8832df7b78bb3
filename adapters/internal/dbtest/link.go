package dbtest

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Link stands between a store or a notifier and its server. It can be cut, slow and forgetful, and counts.
type Link struct {
	listener net.Listener
	server   string
	ended    sync.WaitGroup

	hear   atomic.Pointer[func(p *pair, sent []byte)] // what goes to the server
	delay  atomic.Int64                               // of a round trip, in nanoseconds
	trips  atomic.Int64                               // round trips so far
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
	closed    atomic.Bool
	asked     atomic.Bool   // something went to the server since its last answer
	ended     chan struct{} // closed with the connections
	end       func()        // closes them
}

// NewLink returns a link to the server at HOST:PORT, or at the path of a socket, which is gone with the test.
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
	network := "tcp"
	if strings.HasPrefix(l.server, "/") {
		network = "unix"
	}
	far, err := (&net.Dialer{}).DialContext(context.Background(), network, l.server)
	if err != nil {
		_ = near.Close()
		return
	}
	p := &pair{near: near, far: far, ended: make(chan struct{})}
	p.end = sync.OnceFunc(func() { p.closed.Store(true); _, _ = near.Close(), far.Close(); close(p.ended) })
	p.mute.Store(l.silent)
	l.pairs = append(l.pairs, p)
	l.ended.Go(func() { p.carry(near, far, p.deaf.Load, func([]byte) { p.asked.Store(false) }) })
	l.ended.Go(func() {
		p.carry(far, near, func() bool { return false }, func(sent []byte) {
			if !p.asked.Swap(true) {
				l.trips.Add(1)
				p.wait(time.Duration(l.delay.Load()))
			}
			if hear := l.hear.Load(); hear != nil {
				(*hear)(p, sent)
			}
		})
	})
}

// wait lets a time pass, or what is left of it when the connections end.
func (p *pair) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.ended:
	}
}

// carry copies until one of both ends, or it is to be the end.
func (p *pair) carry(to, from net.Conn, end func() bool, hear ...func([]byte)) {
	defer p.end()
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
		p.end()
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

// SilenceOne makes the oldest connection mute and leaves the others.
func (l *Link) SilenceOne() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, p := range l.pairs {
		if !p.mute.Load() && !p.closed.Load() {
			p.mute.Store(true)
			l.pairs = l.pairs[i:] // those before it have ended
			return
		}
	}
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

// Delay makes every round trip take so much longer.
func (l *Link) Delay(d time.Duration) { l.delay.Store(int64(d)) }

// RoundTrips returns how many there were: how often something went to the server after it had answered.
func (l *Link) RoundTrips() int { return int(l.trips.Load()) }

// LoseAnswerTo cuts the next connection that a statement goes over, after the server has had it
// and answered. It returns whether that has happened.
func (l *Link) LoseAnswerTo(statement string) func() bool {
	var lost atomic.Bool
	hear := func(p *pair, sent []byte) {
		if is(sent, statement) && lost.CompareAndSwap(false, true) {
			p.deaf.Store(true)
		}
	}
	l.hear.Store(&hear)
	return lost.Load
}

// Hold delays the next such statement on its way to the server, and loses the answer. The client is cut off when it
// sends the statement or, if silently is set, when the server answers. Then the channel is closed.
func (l *Link) Hold(statement string, later time.Duration, silently bool) (landed <-chan struct{}) {
	done := make(chan struct{})
	var held atomic.Bool
	hear := func(p *pair, sent []byte) {
		if !is(sent, statement) || !held.CompareAndSwap(false, true) {
			return
		}
		defer close(done)
		p.deaf.Store(true) // before the answer, which ends the connections
		if !silently {
			_ = p.near.Close()
		}
		p.wait(later)
		_, _ = p.far.Write(sent)
		<-p.ended
	}
	l.hear.Store(&hear)
	return done
}

// is reports whether what was sent is a statement, in the protocol of PostgreSQL or of MySQL.
func is(sent []byte, statement string) bool {
	return bytes.HasSuffix(bytes.TrimRight(sent, "\x00"), []byte(statement)) // unlike READ COMMITTED
}
