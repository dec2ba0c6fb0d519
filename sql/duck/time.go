//go:build linux && !noduck

package duck

import (
	"fmt"
	"strconv"
	"strings"
)

// A TIME of MySQL goes from -838:59:59 to 838:59:59, which DuckDB's does not.
// In translated queries it is a BIGINT of microseconds.

const microsOfSecond = 1_000_000

// timeText writes microseconds as MySQL writes a TIME with that many digits
// behind the point.
func timeText(micros int64, digits int) string {
	sign := ""
	if micros < 0 {
		sign, micros = "-", -micros
	}
	seconds := micros / microsOfSecond
	text := fmt.Sprintf("%s%02d:%02d:%02d", sign, seconds/3600, seconds/60%60, seconds%60)
	if digits > 0 {
		text += "." + fmt.Sprintf("%06d", micros%microsOfSecond)[:min(digits, 6)]
	}
	return text
}

// timeMicros reads what timeText writes.
func timeMicros(text string) (int64, bool) {
	rest, negative := strings.CutPrefix(text, "-")
	clock, fraction, _ := strings.Cut(rest, ".")
	parts := strings.Split(clock, ":")
	if len(parts) != 3 {
		return 0, false
	}
	total := int64(0)
	for _, p := range parts {
		n, err := strconv.ParseInt(p, 10, 64)
		if err != nil {
			return 0, false
		}
		total = total*60 + n
	}
	micros, err := strconv.ParseInt((fraction + "000000")[:6], 10, 64)
	if err != nil {
		return 0, false
	}
	total = total*microsOfSecond + micros
	if negative {
		total = -total
	}
	return total, true
}
