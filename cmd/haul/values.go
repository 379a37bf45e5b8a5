package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-9a1263fe/haul/store"
)

// The types of this file are flag values that know what they may be, so that a
// number out of range is refused with the flag's name wherever it comes from:
// the command line, the environment or the configuration file.

// intValue is a whole number from lo to hi.
type intValue struct {
	p      *int
	lo, hi int
}

func (v intValue) String() string { return strconv.Itoa(*v.p) }
func (v intValue) Type() string   { return "N" }
func (v intValue) Set(s string) error {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < v.lo || n > v.hi {
		return fmt.Errorf("want a whole number from %d to %d", v.lo, v.hi)
	}
	*v.p = n
	return nil
}

// sizeValue is a number of bytes, or of bytes a second.
type sizeValue struct {
	p    *int64
	kind string // SIZE or RATE
}

func (v sizeValue) String() string { return exactSize(*v.p) }
func (v sizeValue) Type() string   { return v.kind }
func (v sizeValue) Set(s string) error {
	n, err := parseSize(strings.TrimSpace(s))
	if err != nil {
		return err
	}
	*v.p = n
	return nil
}

// secondsValue is a time in seconds, decimals allowed.
type secondsValue struct {
	p  *time.Duration
	lo time.Duration
}

const longestTime = 7 * 24 * time.Hour

func (v secondsValue) String() string { return strconv.FormatFloat(v.p.Seconds(), 'f', -1, 64) }
func (v secondsValue) Type() string   { return "SEC" }
func (v secondsValue) Set(s string) error {
	f, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "s"), 64)
	if err != nil || math.IsNaN(f) || f < v.lo.Seconds() || f > longestTime.Seconds() {
		return fmt.Errorf("want seconds, from %g to %g", v.lo.Seconds(), longestTime.Seconds())
	}
	*v.p = time.Duration(f * float64(time.Second))
	return nil
}

// choiceValue is one of a few words.
type choiceValue struct {
	p       *string
	choices []string
}

func (v choiceValue) String() string { return *v.p }
func (v choiceValue) Type() string   { return strings.Join(v.choices, "|") }
func (v choiceValue) Set(s string) error {
	s = strings.ToLower(strings.TrimSpace(s))
	if !slices.Contains(v.choices, s) {
		return fmt.Errorf("want one of %s", strings.Join(v.choices, ", "))
	}
	*v.p = s
	return nil
}

// listValue gathers what a repeated flag says.
type listValue struct {
	p     *[]string
	kind  string
	check func(string) error
}

func (v listValue) String() string { return strings.Join(*v.p, ",") }
func (v listValue) Type() string   { return v.kind }
func (v listValue) Set(s string) error {
	if v.check != nil {
		if err := v.check(s); err != nil {
			return err
		}
	}
	*v.p = append(*v.p, s)
	return nil
}

// digestValue is a checksum as TYPE=HEX.
type digestValue struct{ p *store.Digest }

func (v digestValue) String() string { return v.p.String() }
func (v digestValue) Type() string   { return "TYPE=HEX" }
func (v digestValue) Set(s string) error {
	algorithm, sum, ok := strings.Cut(s, "=")
	if !ok {
		return errors.New("want TYPE=HEX, such as sha-256=9f86d081…")
	}
	d, err := store.ParseDigest(algorithm, sum)
	if err != nil {
		return err
	}
	*v.p = d
	return nil
}
