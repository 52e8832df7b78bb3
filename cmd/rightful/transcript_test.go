package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the output in the transcripts")

// TestTranscripts runs the sessions in testdata/*.txt and compares what they print. A transcript has
//
//	# comments, which stay,
//	$ commands, of which "rightful" is the one under test and the others are in [shell]; "| head -n 3" or
//	  "| head -c 30" may follow, or "< FILE", or ">> FILE",
//
// and after each command its stdout, its stderr in lines that begin with "! ", and its exit status in
// brackets unless it is 0. Values that differ between runs stand there by name, such as $DENIAL.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		file, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { compare(t, file, onNothing) })
	}
}

// TestTranscriptsBothWays runs the sessions in testdata/both on a database and on a service. They print the same,
// because the same code answers.
func TestTranscriptsBothWays(t *testing.T) {
	files, err := filepath.Glob("testdata/both/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		file, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name+"/database", func(t *testing.T) { compare(t, file, onDatabase) })
		t.Run(name+"/service", func(t *testing.T) { compare(t, file, onService) })
	}
}

// compare runs a transcript and compares what it prints with the file.
func compare(t *testing.T, file string, where way) {
	t.Helper()
	want, err := os.ReadFile(file)
	check(t, err)
	got := replay(t, string(want), where)
	if *update && where != onService { // which must print the same
		check(t, os.WriteFile(file, []byte(got), 0o600))
		return
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it):\n%s", filepath.Base(file), firstDifference(string(want), got))
	}
}

// replay runs the commands of a transcript and returns it with what they print now.
func replay(t *testing.T, transcript string, where way) string {
	t.Chdir(t.TempDir())
	folder, err := os.Getwd()
	check(t, err)
	s := &shell{t: t, folder: folder, env: map[string]string{}, where: where}
	return s.replay(transcript)
}

func (s *shell) replay(transcript string) string {
	var now strings.Builder
	inOutput := false
	for line := range strings.Lines(transcript) {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case isCommand:
			now.WriteString(line + s.run(strings.TrimSuffix(command, "\n")))
			inOutput = true
		case strings.HasPrefix(line, "#") || line == "\n" && !inOutput:
			now.WriteString(line)
			inOutput = false
		}
	}
	return strings.TrimRight(now.String(), "\n") + "\n"
}

func firstDifference(want, got string) string {
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wants), len(gots)) {
		if wants[i] != gots[i] {
			return fmt.Sprintf("line %d\nwant %q\ngot  %q\n\n%s", i+1, wants[i], gots[i], strings.Join(gots[i:min(i+8, len(gots))], "\n"))
		}
	}
	return fmt.Sprintf("%d lines became %d", len(wants), len(gots))
}

// run runs one line and returns what a transcript says of it.
func (s *shell) run(line string) string {
	line, pipe, _ := strings.Cut(line, " | ")
	line, to, _ := strings.Cut(line, " >> ")
	line, file, fromFile := strings.Cut(line, " < ")
	var input []byte
	if fromFile {
		var err error
		input, err = os.ReadFile(file)
		check(s.t, err)
	}
	words := split(os.Expand(line, func(name string) string { return s.env[name] }))
	var stdout, stderr bytes.Buffer
	status := 0
	if words[0] == "rightful" {
		getenv := func(name string) string { return s.env[name] }
		status = run(s.t.Context(), words[1:], process{bytes.NewReader(input), &stdout, &stderr, getenv, s.env["TERMINAL"] != ""})
	} else {
		s.builtin(&stdout, words[0], words[1:])
	}
	if to != "" {
		appendTo(s.t, to, stdout.Bytes())
		stdout.Reset()
	}
	text := head(s.t, s.steady(stdout.String()), pipe)
	for errLine := range strings.Lines(s.steady(stderr.String())) {
		text += "! " + errLine
	}
	if status != 0 {
		text += fmt.Sprintf("[%d]\n", status)
	}
	return text + "\n"
}

func appendTo(t *testing.T, name string, text []byte) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	check(t, err)
	_, err = file.Write(text)
	check(t, errors.Join(err, file.Close()))
}

// head returns the beginning of a text if a pipe leads to head.
func head(t *testing.T, text, pipe string) string {
	var unit rune
	var n int
	if pipe == "" {
		return text
	}
	if _, err := fmt.Sscanf(pipe, "head -%c %d", &unit, &n); err != nil {
		t.Fatalf("| %s: %v", pipe, err)
	}
	if unit == 'c' {
		return text[:min(n, len(text))] + "\n"
	}
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[:min(n, len(lines))], "")
}

var varying = []struct {
	form *regexp.Regexp
	name string
}{
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "HASH"},
	{regexp.MustCompile(`"age_seconds":[0-9.]+`), `"age_seconds":AGE`},
	{regexp.MustCompile(`confirmed [0-9.]+ seconds ago`), "confirmed AGE seconds ago"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\b`), "TIME"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\b`), "TIME"},
	{regexp.MustCompile(`\b20\d\d-\d\d-\d\d\b`), "DATE"},
	{regexp.MustCompile(`\b[A-Z][a-z]+day, \d+ [A-Z][a-z]+ \d{4} \d\d:\d\d \S+`), "DAY"},
	{regexp.MustCompile(`(?m)(^|\bRequest |\brequest\.approve +)[A-Z2-7]{26}\b`), "${1}ID"},
	{regexp.MustCompile(`"id":"[A-Z2-7]{26}"`), `"id":"ID"`},
	{regexp.MustCompile(`\bby \S+@\S+`), "by USER@HOST"},
	{regexp.MustCompile(`"decided_by":\{"kind":"(command|user)","id":"[^"]+@[^"]+"\}`), `"decided_by":ACTOR`},
	{regexp.MustCompile(`actor=\S+@\S+`), "actor=USER@HOST"},
	{regexp.MustCompile(`"actor":\{"kind":"(command|user)","id":"[^"]+@[^"]+"\},"channel":"(command|rest)"`), `"actor":ACTOR`},
	{regexp.MustCompile(`,(command|user),[^,@]+@[^,@]+,(command|rest),`), ",KIND,ACTOR,CHANNEL,"},
	{regexp.MustCompile(`go1\.\d+(\.\d+)?\b`), "GO"},
	{regexp.MustCompile(`([" ])(v0\.0\.0-\d+-[0-9a-f]+(\+dirty)?|\(devel\))`), "${1}VERSION"},
	{regexp.MustCompile(`"revision":"[0-9a-f]{40}",`), ""},
}

// steady gives the values that differ between runs their names.
func (s *shell) steady(output string) string {
	output = strings.ReplaceAll(output, s.folder+string(filepath.Separator), "")
	if s.isPage {
		return output
	}
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		if len(s.env[name]) > 20 {
			output = strings.ReplaceAll(output, s.env[name], "$"+name)
		}
	}
	return named(output)
}

// named gives the values that differ between runs their names, except those of one transcript.
func named(output string) string {
	for _, v := range varying {
		output = v.form.ReplaceAllString(output, v.name)
	}
	return output
}

// split splits a line into words, at the spaces outside quotes.
func split(line string) []string {
	var words []string
	var word strings.Builder
	var quote rune
	inWord := false
	for _, r := range line + " " {
		switch {
		case quote == 0 && r == ' ':
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
			continue
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		default:
			word.WriteRune(r)
		}
		inWord = true
	}
	return words
}
