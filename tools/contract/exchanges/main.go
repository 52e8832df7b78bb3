// Command exchanges checks the recorded exchanges of api's tests against the document, with two
// independent validators:
//
//	exchanges openapi.yaml FOLDER
//
// The folder has the recordings of the tests; see `make contract`.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: exchanges openapi.yaml FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "exchanges:", err)
		os.Exit(1)
	}
}

func run(name, folder string) error {
	document, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	judge, err := newJudge(document)
	if err != nil {
		return err
	}
	faults := 0
	err = read(folder, func(e *exchange) {
		for _, fault := range judge.judge(e) {
			faults++
			fmt.Println(fault)
		}
	})
	if err != nil {
		return err
	}
	for _, reason := range judge.unused() {
		faults++
		fmt.Printf("no request is refused for %s any more: remove it from the list beyond\n", reason)
	}
	switch {
	case judge.exchanges == 0:
		return fmt.Errorf("%s has no exchange with an operation of %s", folder, name)
	case faults > 0:
		return fmt.Errorf("%d faults in %d exchanges", faults, judge.exchanges)
	}
	fmt.Printf("%d exchanges match the document\n", judge.exchanges)
	return nil
}
