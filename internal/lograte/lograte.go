// Package lograte keeps a log readable while the same thing fails with each request. Start with [New] and [Logger.Failed].
package lograte

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	// every is how often a line is let through.
	every = time.Minute
	// maxLines and maxAbout bound the memory. Further lines count as one, and so do those about long texts that begin alike.
	maxLines = 1000
	maxAbout = 1000 // bytes
)

// Logger writes a line at most once a minute. The next one says in "held_back" how many there were in between. Lines are the
// same if their message, and what they are about, are. The zero value logs to [slog.Default]. It is safe for concurrent use.
type Logger struct {
	log    *slog.Logger
	mu     sync.Mutex
	lines  map[line]*state
	forgot time.Time
}

type line struct{ message, about string }

type state struct {
	last time.Time
	held int
}

// New returns a Logger that writes to another.
func New(log *slog.Logger) *Logger { return &Logger{log: log} }

// Failed logs at [slog.LevelError] that something needed for a request failed, unless the client has gone: what its context
// ends fails by nobody's fault.
func (l *Logger) Failed(ctx context.Context, about, message string, args ...any) {
	if !errors.Is(ctx.Err(), context.Canceled) {
		l.write(ctx, slog.LevelError, line{message, about}, args)
	}
}

// Error logs at [slog.LevelError].
func (l *Logger) Error(ctx context.Context, about, message string, args ...any) {
	l.write(ctx, slog.LevelError, line{message, about}, args)
}

// Warn logs at [slog.LevelWarn].
func (l *Logger) Warn(ctx context.Context, about, message string, args ...any) {
	l.write(ctx, slog.LevelWarn, line{message, about}, args)
}

func (l *Logger) write(ctx context.Context, level slog.Level, of line, args []any) {
	log := l.log
	if log == nil {
		log = slog.Default()
	}
	if !log.Enabled(ctx, level) {
		return
	}
	of.about = of.about[:min(len(of.about), maxAbout)]
	held, ok := l.pass(of)
	if !ok {
		return
	}
	if held > 0 {
		args = append(args, "held_back", held)
	}
	var caller [1]uintptr
	runtime.Callers(3, caller[:]) // that of Error or Warn
	record := slog.NewRecord(time.Now(), level, of.message, caller[0])
	record.Add(args...)
	_ = log.Handler().Handle(ctx, record) // as slog does
}

// forget makes room: it forgets the lines that may be written again, and how many of them were held back. It looks for them
// at most once a second, because something new may fail with each request.
func (l *Logger) forget(now time.Time) {
	if now.Sub(l.forgot) < time.Second {
		return
	}
	l.forgot = now
	maps.DeleteFunc(l.lines, func(_ line, s *state) bool { return now.Sub(s.last) >= every })
}

// pass reports whether a line may be written now, and how many of it were held back since the last one.
func (l *Logger) pass(of line) (held int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lines == nil {
		l.lines = map[line]*state{}
	}
	now := time.Now()
	if l.lines[of] == nil && len(l.lines) >= maxLines {
		l.forget(now)
	}
	if l.lines[of] == nil && len(l.lines) >= maxLines {
		of = line{}
	}
	s := l.lines[of]
	switch {
	case s == nil:
		of.about = strings.Clone(of.about) // it may be a part of a request, which it would keep in memory
		l.lines[of] = &state{last: now}
		return 0, true
	case now.Sub(s.last) < every:
		s.held++
		return 0, false
	}
	held, s.last, s.held = s.held, now, 0
	return held, true
}
