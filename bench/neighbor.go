package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// neighbors are what another process can do during a measurement: nothing, or touch 64 MB of memory at random or
// in order. On a server, other processes share the last cache and the memory bus. A measurement on an idle machine
// doesn't show what a decision costs there.
var neighbors = []string{"none", "random", "in order"}

// touched is how much memory a neighbor touches, in words of eight bytes.
const touched = 64 << 20 / 8

// touchFlag is the flag with which the command runs itself as a neighbor.
const touchFlag = "-touch"

// beside runs f beside a neighbor.
func beside(neighbor string, f func() error) error {
	if neighbor == neighbors[0] {
		return f()
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	process := exec.Command(self, touchFlag, neighbor) //nolint:noctx // it runs itself, until its input ends
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		return err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := process.Start(); err != nil {
		return err
	}
	_, err = output.Read(make([]byte, 1)) // it has begun
	if err == nil {
		err = f()
	}
	return errors.Join(err, input.Close(), process.Wait())
}

// touch touches memory until the input ends. It writes a byte when it begins.
func touch(neighbor string, input io.Reader, output io.Writer) error {
	if !slices.Contains(neighbors[1:], neighbor) {
		return fmt.Errorf("unknown neighbor %q: choose from %s", neighbor, strings.Join(neighbors[1:], ", "))
	}
	memory := make([]uint64, touched)
	ended := make(chan error)
	go func() {
		_, err := io.Copy(io.Discard, input)
		ended <- err
	}()
	if _, err := output.Write([]byte{'.'}); err != nil {
		return err
	}
	const batch = 1 << 16
	place, step := uint64(1), func(place uint64) uint64 { return place + 8 } // a cache line
	if neighbor == "random" {
		step = func(place uint64) uint64 { return place*6364136223846793005 + 1442695040888963407 } // Knuth's MMIX
	}
	for {
		select {
		case err := <-ended:
			return err
		default:
		}
		for range batch {
			place = step(place)
			memory[place>>11%touched]++
		}
	}
}
