package list

import (
	"fmt"
	"slices"
	"strings"
)

// Format is one of the forms that a list can have.
type Format string

// The formats. Auto stands for the one that Detect finds; Results is never
// detected, since taking a record of results for a list must be asked for.
const (
	Auto     Format = "auto"
	Plain    Format = "plain"
	JSONL    Format = "jsonl"
	CSV      Format = "csv"
	TSV      Format = "tsv"
	Metalink Format = "metalink"
	Sums     Format = "sums"
	Results  Format = "results"
)

var formats = []Format{Auto, Plain, JSONL, CSV, TSV, Metalink, Sums, Results}

// ParseFormat reads the name of a format; an empty one is Auto.
func ParseFormat(s string) (Format, error) {
	f := Format(strings.ToLower(s))
	if f == "" {
		return Auto, nil
	}
	if !slices.Contains(formats, f) {
		return "", fmt.Errorf("list: unknown format %q, want one of %v", s, formats)
	}
	return f, nil
}

// Enterable reports whether a list of the format can be decoded from the first
// byte of any of its entries on.
func (f Format) Enterable() bool { return f != Auto && f != Metalink }
