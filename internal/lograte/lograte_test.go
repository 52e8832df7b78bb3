package lograte_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/internal/lograte"
)

// A line is written once a minute, and the next one says how many were held back.
func TestOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		l := lograte.New(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{AddSource: true})))
		for range 1000 {
			l.Error(t.Context(), "/a", "it fails", "error", "away")
			l.Error(t.Context(), "/b", "it fails", "error", "away")
			l.Warn(t.Context(), "/a", "it is odd")
		}
		if n := strings.Count(text.String(), "\n"); n != 3 {
			t.Errorf("%d lines:\n%s", n, &text)
		}
		time.Sleep(time.Minute)
		text.Reset()
		l.Error(t.Context(), "/a", "it fails", "error", "away")
		if got := text.String(); !strings.Contains(got, `level=ERROR`) || !strings.Contains(got, "lograte_test.go:") ||
			!strings.HasSuffix(got, "msg=\"it fails\" error=away held_back=999\n") {
			t.Error(got)
		}
	})
}

// What lines are about can come from outside, so that there is a bound.
func TestBound(t *testing.T) {
	var text bytes.Buffer
	l := lograte.New(slog.New(slog.NewTextHandler(&text, nil)))
	for i := range 5000 {
		l.Warn(t.Context(), fmt.Sprint(i), "it is odd")
	}
	if n := strings.Count(text.String(), "\n"); n != 1001 {
		t.Errorf("%d lines", n)
	}
}

// A thousand lines don't keep others out for longer than the minute for which they are held back.
func TestLinesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		l := lograte.New(slog.New(slog.NewTextHandler(&text, nil)))
		written := func(from, to int) int {
			text.Reset()
			for i := from; i < to; i++ {
				l.Warn(t.Context(), fmt.Sprint(i), "it is odd")
			}
			return strings.Count(text.String(), "\n")
		}
		written(0, 1000)
		time.Sleep(30 * time.Second)
		if n := written(1000, 1500); n != 1 {
			t.Errorf("%d new lines within the minute", n)
		}
		time.Sleep(30 * time.Second)
		if n := written(1500, 2000); n != 500 {
			t.Errorf("%d of 500 lines after the minute", n)
		}
	})
}

// What a line is about may be as long as a request, or a part of one.
func TestMemoryIsBounded(t *testing.T) {
	l := lograte.New(slog.New(slog.NewTextHandler(io.Discard, nil)))
	const lines, length = 500, 64 << 10
	before := heap()
	for i := range lines {
		long := fmt.Sprint(i) + strings.Repeat("x", length)
		l.Warn(t.Context(), long, "it is long")
		l.Warn(t.Context(), long[:3], "it is a part")
	}
	if grown := heap() - before; grown > lines*length/4 {
		t.Errorf("%d lines take %d KiB", lines, grown>>10)
	}
	l.Warn(t.Context(), "", "it is there")
}

// heap returns how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A level that isn't logged holds nothing back, and the zero value logs to the default logger.
func TestLevels(t *testing.T) {
	var text bytes.Buffer
	level := new(slog.LevelVar)
	level.Set(slog.LevelError + 1)
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: level})))
	t.Cleanup(func() { slog.SetDefault(before) })
	var l lograte.Logger
	l.Error(context.Background(), "", "it fails")
	level.Set(slog.LevelError)
	l.Error(context.Background(), "", "it fails")
	if got := text.String(); strings.Count(got, "\n") != 1 || strings.Contains(got, "held_back") {
		t.Error(got)
	}
}
