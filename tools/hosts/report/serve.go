package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

// startTime is how long a host may take to open its database and listen.
const startTime = time.Minute

// serve starts a host on a new database and requests its guarded routes: anonymous requests get 401,
// alice 200 and bob 403.
func serve(ctx context.Context, file string, routes []string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	command := exec.CommandContext(ctx, file, file+".db")
	var log bytes.Buffer
	command.Stderr = &log
	stdout, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	address, err := bufio.NewReader(stdout).ReadString('\n') // ends when the host does
	if err == nil {
		err = ask(ctx, strings.TrimSpace(address), routes)
	}
	cancel()
	_ = command.Wait() // reports only that it was killed
	if err != nil {
		return fmt.Errorf("run: %w\n%s", err, &log)
	}
	return nil
}

func ask(ctx context.Context, address string, routes []string) error {
	for _, route := range routes {
		for user, want := range map[string]int{"": http.StatusUnauthorized, "alice": http.StatusOK, "bob": http.StatusForbidden} {
			got, err := get(ctx, address+route, user)
			if err != nil {
				return err
			}
			if got != want {
				return fmt.Errorf("GET %s as %q is %d, not %d", route, user, got, want)
			}
		}
	}
	return nil
}

// get returns the status of an answer.
func get(ctx context.Context, address, user string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, err
	}
	if user != "" {
		request.SetBasicAuth(user, "demo")
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
