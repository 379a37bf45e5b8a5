package main

import (
	"testing"

	"pgregory.net/rapid"
)

func TestSizesAreReadAsPeopleWriteThem(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1": 1, "1023": 1023, "1k": 1 << 10, "64K": 64 << 10, "1.5M": 3 << 19, "2G": 2 << 30,
		"1t": 1 << 40, "10KiB": 10 << 10, "10kb": 10 << 10, "7B": 7, ".5K": 512, "1152921504606846976": 1 << 60,
	} {
		if got, err := parseSize(s); err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
}

func TestBadSizesAreRefused(t *testing.T) {
	for _, s := range []string{"", "K", "-1", "-1M", "1.2.3", "1X", "1KK", "1e3", "0x10", "1_000", "+1", "NaN", "inf", "2000000T", "99999999999999999999", "1 K", "ib"} {
		if n, err := parseSize(s); err == nil {
			t.Errorf("parseSize(%q) = %d, want an error", s, n)
		}
	}
}

func TestExactSizesAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, maxSize).Draw(t, "n")
		if got, err := parseSize(exactSize(n)); err != nil || got != n {
			t.Fatalf("parseSize(%q) = %d, %v; want %d", exactSize(n), got, err, n)
		}
	})
}

func TestSizesAreShownInFewDigits(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1023 << 10: "1.0 MiB", 999 << 20: "999.0 MiB", 5 << 40: "5.0 TiB", maxSize: "1.0 EiB",
	} {
		if got := formatSize(n); got != want {
			t.Errorf("formatSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"1", "1.5G", "-1", "1e9K", "\x00", "KiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := parseSize(s); err == nil && (n < 0 || n > maxSize) {
			t.Errorf("parseSize(%q) = %d, out of range", s, n)
		}
	})
}
