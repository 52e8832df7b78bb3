package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// heads are the values of --head.
type heads []authz.Head

func (h *heads) Type() string { return "head" }

func (h *heads) String() string {
	parts := make([]string, len(*h))
	for i, head := range *h {
		parts[i] = fmt.Sprintf("%d:%x", head.Revision, head.Hash)
	}
	return strings.Join(parts, " ")
}

func (h *heads) Set(s string) error {
	number, text, _ := strings.Cut(s, ":")
	revision, err := strconv.ParseInt(number, 10, 64)
	hash, hexErr := hex.DecodeString(text)
	if err != nil || hexErr != nil || revision < 1 || len(hash) != 32 {
		return errors.New("must be a revision, a colon, and 64 hexadecimal digits")
	}
	*h = append(*h, authz.Head{Revision: authz.Revision(revision), Hash: hash})
	return nil
}
