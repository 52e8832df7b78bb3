package main

import (
	"bufio"
	"strings"
)

// answersYes asks a question. No answer, as when there is no terminal, is no.
func answersYes(p process, question string) bool {
	note(p.stderr, "%s [y/N] ", question)
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	if err != nil {
		note(p.stderr, "\n")
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}
