package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxSize is the largest size that is taken, far above what any disk holds and
// far below what would overflow a sum of a few of them.
const maxSize = 1 << 60

var errSize = errors.New("want a number with K, M, G or T behind it, such as 64K or 1.5G")

// parseSize reads a size as people write it: a number, decimals allowed, then
// optionally K, M, G or T for powers of 1024, in either case. "KiB" and "KB"
// mean the same as "K".
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz")
	shift, ok := unitShift(strings.ToLower(s)[len(digits):])
	if !ok || digits == "" {
		return 0, errSize
	}
	if strings.HasPrefix(digits, "-") {
		return 0, errors.New("must not be negative")
	}
	if n, err := strconv.ParseUint(digits, 10, 62); err == nil {
		if n > maxSize>>shift {
			return 0, errors.New("too large")
		}
		return int64(n) << shift, nil
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || strings.Trim(digits, "0123456789.") != "" {
		return 0, errSize
	}
	if f *= float64(int64(1) << shift); f > maxSize {
		return 0, errors.New("too large")
	}
	return int64(math.Round(f)), nil
}

func unitShift(unit string) (uint, bool) {
	switch strings.TrimSuffix(strings.TrimSuffix(unit, "b"), "i") {
	case "":
		return 0, unit == "" || unit == "b"
	case "k":
		return 10, true
	case "m":
		return 20, true
	case "g":
		return 30, true
	case "t":
		return 40, true
	}
	return 0, false
}

// formatSize writes n bytes in three or four digits and a unit.
func formatSize(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/1024, 0
	for f >= 999.95 && unit < len("KMGTPE")-1 {
		f /= 1024
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", f, "KMGTPE"[unit])
}

// exactSize writes n so that parseSize reads the same number, with a unit where
// that is exact; it is how defaults stand in the help.
func exactSize(n int64) string {
	for i, unit := range "TGMK" {
		if shift := 40 - 10*i; n != 0 && n%(1<<shift) == 0 {
			return strconv.FormatInt(n>>shift, 10) + string(unit)
		}
	}
	return strconv.FormatInt(n, 10)
}
