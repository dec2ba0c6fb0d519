package eval

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"wharf"
)

// convertFunctions write values in other ways: numbers in other bases, sets,
// addresses, quoted and formatted text.
func convertFunctions() map[string]Function {
	text, whole := Always(wharf.TypeString), Always(wharf.TypeInt)
	onText := func(typ func([]Node) wharf.Type, f func(string) Datum) Function {
		return Function{Min: 1, Max: 1, Typ: typ, strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) { return f(a[0].Text()), nil }}
	}
	address := func(f func(string) Datum) Function {
		return Function{Min: 1, Max: 1, Typ: whole, Run: func(_ *Evaluation, a []Datum) (Datum, error) { return f(a[0].Text()), nil }}
	}
	base := func(to int) Function {
		return Function{Min: 1, Max: 1, Typ: text, strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) {
			return convert(a[0].Text(), 10, to), nil
		}}
	}
	return map[string]Function{
		"CRC32": onText(Always(wharf.TypeUint), func(s string) Datum { return UintDatum(uint64(crc32.ChecksumIEEE([]byte(s)))) }),
		"ASCII": onText(whole, func(s string) Datum { return IntDatum(int64((s + "\x00")[0])) }),
		"ORD":   onText(whole, ord),
		"BIN":   base(2), "OCT": base(8),
		"CONV": {Min: 3, Max: 3, Typ: text, strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) {
			return convert(a[0].Text(), a[1].ToInt(), int(a[2].ToInt())), nil
		}},
		"BIT_LENGTH": onText(whole, func(s string) Datum { return IntDatum(8 * int64(len(s))) }),
		"ELT":        {Min: 2, Max: -1, Typ: func(a []Node) wharf.Type { return textOrBytes(a[1:]) }, Run: runElt},
		"STRCMP": {Min: 2, Max: 2, Typ: whole, strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) {
			return IntDatum(int64(compareTexts(StringDatum(a[0].Text()).Collated(a[0].coll), StringDatum(a[1].Text()).Collated(a[0].coll)))), nil
		}},
		"INSERT":     {bytewise: true, Min: 4, Max: 4, Typ: textOrBytes, strict: true, Run: runInsert},
		"QUOTE":      {Min: 1, Max: 1, Typ: text, Run: runQuote},
		"SOUNDEX":    onText(text, func(s string) Datum { return StringDatum(soundex(s)) }),
		"MAKE_SET":   {Min: 2, Max: -1, Typ: text, Run: runMakeSet},
		"EXPORT_SET": {Min: 3, Max: 5, Typ: text, strict: true, Run: runExportSet},
		"FORMAT":     {Min: 2, Max: 3, Typ: text, Run: runFormat},
		"INET_ATON":  onText(Always(wharf.TypeUint), inetAton),
		"INET_NTOA":  {Min: 1, Max: 1, Typ: text, strict: true, Run: inetNtoa},
		"INET6_ATON": onText(Always(wharf.TypeBytes), inet6Aton),
		"INET6_NTOA": onText(text, inet6Ntoa),
		"IS_IPV4": address(func(s string) Datum {
			a, err := netip.ParseAddr(s)
			return BoolDatum(err == nil && a.Is4())
		}),
		"IS_IPV6": address(func(s string) Datum {
			a, err := netip.ParseAddr(s)
			return BoolDatum(err == nil && a.Is6() && a.Zone() == "")
		}),
	}
}

// ord is the number that the bytes of the first character make.
func ord(s string) Datum {
	_, size := utf8.DecodeRuneInString(s)
	n := int64(0)
	for i := range size {
		n = n<<8 | int64(s[i])
	}
	return IntDatum(n)
}

// convert writes a number of one base in another. A base below zero means
// that the number is signed.
func convert(text string, from int64, to int) Datum {
	abs := func(n int64) int64 { return max(n, -n) }
	if abs(from) < 2 || abs(from) > 36 || abs(int64(to)) < 2 || abs(int64(to)) > 36 {
		return NullDatum()
	}
	text = strings.TrimLeft(text, " \t\n")
	negative := strings.HasPrefix(text, "-")
	digits := strings.TrimLeft(text, "+-")
	if text == "" {
		return NullDatum()
	}
	end := 0
	for end < len(digits) && digitOf(digits[end]) < int(abs(from)) {
		end++
	}
	n, err := strconv.ParseUint(digits[:end], int(abs(from)), 64)
	switch {
	case end == 0:
		n = 0
	case err != nil:
		n = math.MaxUint64
		negative = false
	}
	if from < 0 && err != nil {
		n = math.MaxInt64
	}
	if negative {
		n = -n
	}
	if to < 0 {
		return StringDatum(strings.ToUpper(strconv.FormatInt(int64(n), -to)))
	}
	return StringDatum(strings.ToUpper(strconv.FormatUint(n, to)))
}

func digitOf(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return math.MaxInt
}

func runElt(ev *Evaluation, a []Datum) (Datum, error) {
	if a[0].IsNull() {
		return NullDatum(), nil
	}
	n := ev.integer(a[0])
	if n < 1 || n >= int64(len(a)) || a[n].IsNull() {
		return NullDatum(), nil
	}
	return StringDatum(a[n].Text()), nil
}

func runInsert(_ *Evaluation, a []Datum) (Datum, error) {
	s := []rune(a[0].Text())
	at, length := a[1].ToInt(), a[2].ToInt()
	if at < 1 || at > int64(len(s)) {
		return StringDatum(a[0].Text()), nil
	}
	rest := int64(len(s)) - at + 1
	if length < 0 || length > rest {
		length = rest
	}
	return StringDatum(string(s[:at-1]) + a[3].Text() + string(s[at-1+length:])), nil
}

func runQuote(_ *Evaluation, a []Datum) (Datum, error) {
	if a[0].IsNull() {
		return StringDatum("NULL"), nil
	}
	return StringDatum("'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`, "\x1a", `\Z`).Replace(a[0].Text()) + "'"), nil
}

// soundex is how a word sounds in English: the original algorithm, which drops
// vowels before it drops repetitions.
func soundex(s string) string {
	const codes = "01230120022455012623010202" // of A to Z
	var b strings.Builder
	last := byte(0)
	for _, r := range s {
		if !unicode.IsLetter(r) {
			continue
		}
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		code := byte('0')
		if r >= 'A' && r <= 'Z' {
			code = codes[r-'A']
		}
		if b.Len() == 0 {
			b.WriteRune(r)
			last = code
		} else if code != '0' && code != last {
			b.WriteByte(code)
			last = code
		}
	}
	if b.Len() == 0 {
		return ""
	}
	const least = 4
	return b.String() + strings.Repeat("0", max(0, least-utf8.RuneCountInString(b.String())))
}

func runMakeSet(ev *Evaluation, a []Datum) (Datum, error) {
	if a[0].IsNull() {
		return NullDatum(), nil
	}
	n := ev.bits(a[0])
	var parts []string
	for i, d := range a[1:] {
		if i < 64 && n>>i&1 == 1 && !d.IsNull() {
			parts = append(parts, d.Text())
		}
	}
	return StringDatum(strings.Join(parts, ",")), nil
}

func runExportSet(ev *Evaluation, a []Datum) (Datum, error) {
	separator, count := ",", int64(64)
	if len(a) > 3 {
		separator = a[3].Text()
	}
	if len(a) > 4 {
		if count = a[4].ToInt(); count < 0 || count > 64 {
			count = 64
		}
	}
	n := ev.bits(a[0])
	parts := make([]string, count)
	for i := range parts {
		parts[i] = a[2].Text()
		if n>>i&1 == 1 {
			parts[i] = a[1].Text()
		}
	}
	return StringDatum(strings.Join(parts, separator)), nil
}

// inetAton is the number of an IPv4 address, of which parts may be left out.
func inetAton(s string) Datum {
	parts := strings.Split(s, ".")
	if len(parts) > 4 || s == "" {
		return NullDatum()
	}
	n := uint64(0)
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return NullDatum()
		}
		if i > 0 && i == len(parts)-1 {
			n <<= 8 * (4 - len(parts))
		}
		n = n<<8 | v
	}
	return UintDatum(n)
}

func inetNtoa(_ *Evaluation, a []Datum) (Datum, error) {
	n := a[0].ToInt()
	if n < 0 || n > math.MaxUint32 {
		return NullDatum(), nil
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(n))
	return StringDatum(netip.AddrFrom4(b).String()), nil
}

func inet6Aton(s string) Datum {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return NullDatum()
	}
	return bytesDatum(string(a.AsSlice()))
}

func inet6Ntoa(s string) Datum {
	a, ok := netip.AddrFromSlice([]byte(s))
	if !ok {
		return NullDatum()
	}
	return StringDatum(a.String())
}

// plainDouble writes a double without an exponent, with the digits that tell it
// from others and zeros behind them.
func plainDouble(f float64, places int) string {
	shortest := strconv.FormatFloat(f, 'f', -1, 64)
	d, ok := parseDecimal(shortest)
	if !ok {
		return strconv.FormatFloat(f, 'f', places, 64)
	}
	return d.Fit(places).String()
}
