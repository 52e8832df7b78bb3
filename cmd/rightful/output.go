package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// output writes results in the format that -o asks for.
type output struct {
	to     io.Writer
	format format
}

func (o *output) addFlag(root *cobra.Command) {
	root.PersistentFlags().VarP(&o.format, "output", "o", "`format` of the result: text or json")
	formats := cobra.FixedCompletions([]cobra.Completion{string(formatText), string(formatJSON)}, cobra.ShellCompDirectiveNoFileComp)
	if err := root.RegisterFlagCompletionFunc("output", formats); err != nil {
		panic(err) // the flag was added on the first line
	}
}

// print writes a result: value for programs, the text for people.
func (o *output) print(value any, format string, args ...any) error {
	if o.format == formatJSON {
		return json.NewEncoder(o.to).Encode(value)
	}
	_, err := fmt.Fprintf(o.to, format+"\n", args...)
	return err
}

// A format is the value of -o.
type format string

const (
	formatText format = "text"
	formatJSON format = "json"
)

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "format" }

func (f *format) Set(s string) error {
	if s != string(formatText) && s != string(formatJSON) {
		return errors.New("must be text or json")
	}
	*f = format(s)
	return nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
