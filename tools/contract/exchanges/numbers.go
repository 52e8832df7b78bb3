package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
)

// bounded replaces numbers that overflow a float64 with the largest float64. JSON allows them, even in
// ignored members, but libopenapi-validator can't read them.
func bounded(r *http.Request) error {
	if r.Body == http.NoBody {
		return nil
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	if !json.Valid(text) || json.Unmarshal(text, new(any)) == nil {
		return nil
	}
	var value any
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	if err := in.Decode(&value); err != nil {
		return err
	}
	if text, err = json.Marshal(boundedValue(value)); err != nil {
		return err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return nil
}

func boundedValue(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			value[name] = boundedValue(v)
		}
	case []any:
		for i, v := range value {
			value[i] = boundedValue(v)
		}
	case json.Number:
		n, err := value.Float64()
		if err != nil { // n is infinite
			return math.Copysign(math.MaxFloat64, n)
		}
	}
	return value
}
