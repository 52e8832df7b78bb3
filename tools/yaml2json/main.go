// Command yaml2json converts a YAML file to JSON, with members in the order of the file:
//
//	yaml2json FROM.yaml TO.json
//
// It refuses YAML that parsers read differently: anchors, tags, repeated keys, and plain scalars that
// YAML reads as times.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: yaml2json FROM.yaml TO.json")
		os.Exit(2)
	}
	if err := convert(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "yaml2json:", err)
		os.Exit(1)
	}
}

func convert(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if len(document.Content) != 1 {
		return fmt.Errorf("%s: is empty", from)
	}
	var compact, indented bytes.Buffer
	if err := write(&compact, document.Content[0]); err != nil {
		return fmt.Errorf("%s:%w", from, err)
	}
	if err := json.Indent(&indented, compact.Bytes(), "", "  "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	return os.WriteFile(to, indented.Bytes(), 0o644)
}

func write(out *bytes.Buffer, n *yaml.Node) error {
	if n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return fmt.Errorf("%d: anchors and tags aren't supported", n.Line)
	}
	switch n.Kind {
	case yaml.MappingNode:
		return writeObject(out, n)
	case yaml.SequenceNode:
		return writeArray(out, n)
	case yaml.ScalarNode:
		return writeScalar(out, n)
	default:
		return fmt.Errorf("%d: aliases aren't supported", n.Line)
	}
}

func writeObject(out *bytes.Buffer, n *yaml.Node) error {
	seen := make(map[string]bool, len(n.Content)/2)
	out.WriteByte('{')
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" {
			return fmt.Errorf("%d: a key must be a string", key.Line)
		}
		if seen[key.Value] {
			return fmt.Errorf("%d: the key %q is repeated", key.Line, key.Value)
		}
		seen[key.Value] = true
		if i > 0 {
			out.WriteByte(',')
		}
		if err := write(out, key); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := write(out, value); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

func writeArray(out *bytes.Buffer, n *yaml.Node) error {
	out.WriteByte('[')
	for i, item := range n.Content {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := write(out, item); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	return nil
}

func writeScalar(out *bytes.Buffer, n *yaml.Node) error {
	var value any
	switch n.Tag {
	case "!!str":
		value = n.Value
	case "!!null", "!!bool", "!!int", "!!float":
		if err := n.Decode(&value); err != nil {
			return fmt.Errorf("%d: %w", n.Line, err)
		}
	default:
		return fmt.Errorf("%d: put %s in quotes", n.Line, n.Value)
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false) // the document is JSON, not part of a page
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("%d: %w", n.Line, err)
	}
	out.Truncate(out.Len() - 1) // Encode ends the line
	return nil
}
