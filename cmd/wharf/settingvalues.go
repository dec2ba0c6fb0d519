package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseCount reads a whole number from 0 to most.
func parseCount(v string, most int) (int, error) { return parseCountFrom(v, 0, most) }

// parseCountFrom reads a whole number within a range.
func parseCountFrom(v string, least, most int) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("it must be a whole number from %d to %d", least, most)
	}
	return n, nil
}

// parseSizeWithin reads a size within a range of whole KiB.
func parseSizeWithin(v string, least, most int64) (int64, error) {
	n, err := parseSize(v)
	if err == nil && (n < least || n > most) {
		err = fmt.Errorf("it must be from %dKiB to %dKiB", least>>10, most>>10)
	}
	return n, err
}

func parseBool(v string) (bool, error) {
	b, err := strconv.ParseBool(v)
	if err != nil {
		return false, fmt.Errorf("it must be true or false")
	}
	return b, nil
}

func parseTime(v string) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("it must be a positive time with its unit, such as 30s or 2m")
	}
	return d, nil
}

// parseSize reads a number of bytes, with a unit of powers of 1024 (KiB, MiB,
// GiB, TiB) or of 1000 (KB, MB, GB, TB), or none.
func parseSize(v string) (int64, error) {
	units := []struct {
		name string
		n    int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
		{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}}
	num, mult := v, int64(1)
	for _, u := range units {
		if s, ok := strings.CutSuffix(v, u.name); ok {
			num, mult = strings.TrimSpace(s), u.n
			break
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/mult {
		return 0, fmt.Errorf("it must be a number of bytes, such as 1048576, 500MiB or 2GB")
	}
	return n * mult, nil
}
