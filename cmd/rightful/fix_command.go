package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
)

// operationText is how a person at a terminal carries out an operation that an answer proposes: a command where there is one, and
// otherwise the request.
func operationText(o openapi.FixOperation) string {
	path, query, _ := strings.Cut(o.Path, "?")
	if query != "" && query != "until=never" { // which is the default of a new membership
		return requestText(o)
	}
	var parts []string
	for escaped := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		part, err := url.PathUnescape(escaped)
		if err != nil {
			return requestText(o)
		}
		parts = append(parts, part)
	}
	switch {
	case len(parts) == 4 && parts[0] == "groups" && parts[2] == "members":
		verb := "add"
		if o.Method == http.MethodDelete {
			verb = "remove"
		}
		return commandLine("group", "members", parts[1], verb, parts[3])
	case len(parts) == 3 && o.Body != nil && parts[2] == "permissions" && (parts[0] == "groups" || parts[0] == "users"):
		kind := strings.TrimSuffix(parts[0], "s")
		if verb, patterns := onlyVerb(*o.Body); verb != "" {
			return commandLine(append([]string{kind, verb, parts[1]}, patterns...)...)
		}
	}
	return requestText(o)
}

// onlyVerb returns the command for a change of rules, nothing if it takes more than one.
func onlyVerb(delta openapi.RulesDelta) (verb string, patterns []string) {
	for _, part := range []struct {
		verb     string
		patterns []string
	}{{"grant", delta.Grant}, {"revoke", delta.Revoke}, {"restrict", delta.Restrict}, {"lift", delta.Lift}} {
		switch {
		case len(part.patterns) == 0:
		case verb != "":
			return "", nil
		default:
			verb, patterns = part.verb, part.patterns
		}
	}
	return verb, patterns
}

func requestText(o openapi.FixOperation) string {
	text := string(o.Method) + " " + o.Path
	if body, err := json.Marshal(o.Body); err == nil && o.Body != nil {
		text += " " + string(body)
	}
	return text
}

func commandLine(words ...string) string {
	line, ended := "rightful", false
	for _, word := range words {
		if strings.HasPrefix(word, "-") && !ended { // no flag
			line, ended = line+" --", true
		}
		line += " " + quoted(word)
	}
	return line
}

var plainWord = regexp.MustCompile(`^[\w.:@/+-]+$`)

// quoted quotes a word for a POSIX shell, where it needs that.
func quoted(word string) string {
	if plainWord.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
