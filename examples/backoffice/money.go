package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// money is an amount in cents. It is a string such as "-12.50" in JSON too, because floating point
// is inexact.
type money int64

// maxMoney keeps sums from overflowing.
const maxMoney money = 1_000_000_000_00

func (m money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%02d", sign, m/100, m%100)
}

// Grouped returns the amount for people, with a comma after every three digits from the right.
func (m money) Grouped() string {
	text := m.String()
	sign := len(text) - len(strings.TrimPrefix(text, "-"))
	for i := len(text) - len(".00") - 3; i > sign; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// MarshalText implements [encoding.TextMarshaler].
func (m money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (m *money) UnmarshalText(text []byte) (err error) {
	*m, err = parseMoney(string(text))
	return err
}

var errMoney = errors.New("write an amount such as 250.00 or -12.50, at most a billion")

func parseMoney(s string) (money, error) {
	digits, negative := strings.CutPrefix(s, "-")
	units, cents, _ := strings.Cut(digits, ".")
	if len(cents) > 2 || len(units) == 0 || len(units) > 10 {
		return 0, errMoney
	}
	n, err := strconv.ParseUint(units+(cents + "00")[:2], 10, 63)
	m := money(n)
	if err != nil || m > maxMoney {
		return 0, errMoney
	}
	if negative {
		m = -m
	}
	return m, nil
}
