package oracle

import (
	"fmt"
	"math"
	"math/rand"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"wharf/tests/harness"
)

// realFunctions are the functions of doubles, with arguments that they have values for.
var realFunctions = map[string]func(*rand.Rand) []float64{
	"EXP": wide(100), "SIN": wide(1000), "COS": wide(1000), "TAN": wide(1000), "COT": wide(1000), "ATAN": wide(10),
	"ASIN": unit, "ACOS": unit, "LN": positive, "LOG10": positive, "LOG2": positive, "DEGREES": wide(1000), "RADIANS": wide(1000),
	"POW": func(r *rand.Rand) []float64 { return append(positive(r), r.NormFloat64()*3) },
	"LOG": func(r *rand.Rand) []float64 { return append(positive(r), positive(r)...) },
	"ATAN2": func(r *rand.Rand) []float64 {
		return append(wide(10)(r), wide(10)(r)...)
	},
}

func wide(by float64) func(*rand.Rand) []float64 {
	return func(r *rand.Rand) []float64 { return []float64{r.NormFloat64() * by} }
}

func unit(r *rand.Rand) []float64 { return []float64{2*r.Float64() - 1} }

func positive(r *rand.Rand) []float64 { return []float64{math.Exp(r.NormFloat64() * 10)} }

const (
	// realArguments are for each function, realsAtOnce in one statement.
	realArguments = 1000
	realsAtOnce   = 100
	// mostUnlike is how many of them may differ by one in the last digit: the C library
	// rounds nearly all values to the nearest double, and not all.
	mostUnlike = realArguments / 50
)

// TestReals wants functions of constants to be as the C library's are, of which MySQL
// gives the values.
func TestReals(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "wharf")
	if err := harness.Build(root, binary); err != nil {
		t.Fatal(err)
	}
	w, m := harness.Start(t, binary, harness.Options{}), startMariaDB(t)
	p := &pair{wharf: connect(t, "Wharf", w.MySQL), mariadb: connect(t, "MariaDB", m.addr)}
	p.compareReals(t, realArguments)
	p.compareRounded(t)
}

// compareRounded wants doubles to be rounded alike, those of constants and those of rows.
// Half of them end in a 5 where they are cut.
func (p *pair) compareRounded(t *testing.T) {
	t.Helper()
	r := rand.New(rand.NewSource(1))
	for places := -3; places <= 6; places++ {
		const asked = 100
		values, calls := make([]string, asked), make([]string, asked)
		for i := range values {
			x := r.NormFloat64() * math.Pow(10, float64(r.Intn(8)))
			if i%2 == 0 {
				x = (math.Trunc(x) + 0.5) * math.Pow(10, float64(-places))
			}
			values[i] = strconv.FormatFloat(x, 'e', -1, 64)
			calls[i] = fmt.Sprintf("ROUND(%s, %d) + 0e0, TRUNCATE(%[1]s, %d) + 0e0", values[i], places)
		}
		n := strconv.Itoa(places)
		rows := "SELECT ROUND(v, " + n + ") + 0e0, TRUNCATE(v, " + n + ") + 0e0, ROUND(v, IF(v = 0, 1, " + n + ")) + 0e0, HEX(v), SUM(v) OVER (PARTITION BY ROUND(v, " + n +
			") ORDER BY v, k) FROM JSON_TABLE('[" + strings.Join(values, ",null,") + "]', '$[*]' COLUMNS (k FOR ORDINALITY, v DOUBLE PATH '$')) AS t ORDER BY k"
		for _, statement := range []string{"SELECT " + strings.Join(calls, ", "), rows} {
			if got, want := p.wharf.ask(t, statement, nil), p.mariadb.ask(t, statement, nil); got.String() != want.String() {
				t.Errorf("%s\nwharf: %s\nmariadb: %s", statement, got, want)
			}
		}
	}
}

func (p *pair) compareReals(t *testing.T, arguments int) {
	for name, argument := range realFunctions {
		r, unlike := rand.New(rand.NewSource(1)), 0
		for range arguments / realsAtOnce {
			calls := make([]string, realsAtOnce)
			for i := range calls {
				var args []string
				for _, x := range argument(r) {
					args = append(args, strconv.FormatFloat(x, 'e', -1, 64))
				}
				calls[i] = name + "(" + strings.Join(args, ", ") + ")"
			}
			statement := "SELECT " + strings.Join(calls, ", ")
			got, want := p.wharf.ask(t, statement, nil), p.mariadb.ask(t, statement, nil)
			if got.errno != 0 || want.errno != 0 {
				t.Fatalf("%s\nwharf: %s\nmariadb: %s", statement, got, want)
			}
			for i, call := range calls {
				if near, same := alikeReals(got.rows[0][i], want.rows[0][i]); !near {
					t.Errorf("%s is %s in Wharf and %s in MariaDB", call, got.rows[0][i], want.rows[0][i])
				} else if !same {
					unlike++
				}
			}
		}
		t.Logf("%s: %d of %d differ in the last digit", name, unlike, arguments)
		if unlike > mostUnlike*arguments/realArguments {
			t.Errorf("%s: %d of %d values differ", name, unlike, arguments)
		}
	}
}

// alikeReals reports whether two doubles are the same, or nearly.
func alikeReals(a, b string) (near, same bool) {
	if a == b {
		return true, true
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil {
		return false, false
	}
	return math.Abs(x-y) <= 0x1p-51*math.Abs(y), false // COT and LOG are quotients of such values
}
