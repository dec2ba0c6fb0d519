package eval

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"math"
	"strings"
	"unicode"

	"wharf"
)

// encodeFunctions are hashes, and text and bytes as hexadecimal digits and as
// Base64.
func encodeFunctions() map[string]Function {
	text := Always(wharf.TypeString)
	one := func(t wharf.Type, f func(d Datum) Datum) Function {
		return Function{Min: 1, Max: 1, Typ: Always(t), strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) { return f(a[0]), nil }}
	}
	return map[string]Function{
		"SHA2":        {Min: 2, Max: 2, Typ: text, strict: true, Run: sha2},
		"UNHEX":       {Min: 1, Max: 1, Typ: Always(wharf.TypeBytes), strict: true, Run: unhex},
		"TO_BASE64":   {Min: 1, Max: 1, Typ: text, strict: true, Run: toBase64},
		"FROM_BASE64": {Min: 1, Max: 1, Typ: Always(wharf.TypeBytes), strict: true, Run: fromBase64},
		"HEX":         {Min: 1, Max: 1, Typ: Always(wharf.TypeString), strict: true, Run: runHex},
		"MD5":         one(wharf.TypeString, func(d Datum) Datum { return hashed(md5.New(), d.Text()) }),
		"SHA":         one(wharf.TypeString, sha1Of),
		"SHA1":        one(wharf.TypeString, sha1Of),
	}
}

func runHex(ev *Evaluation, a []Datum) (Datum, error) {
	if !a[0].IsText() && !a[0].IsTemporal() {
		return StringDatum(formatHex(hexBits(a[0]))), nil
	}
	return rewrite("HEX", 2, func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }).Run(ev, a)
}

// hexBits gives the 64 bits that HEX writes: of a number with a fraction, those of the
// double, rounded half away from zero.
func hexBits(d Datum) uint64 {
	if d.Kind != KFloat && d.Kind != KDecimal {
		return Bits(d)
	}
	switch f := d.ToFloat(); {
	case f <= math.MinInt64 || f >= math.MaxUint64:
		return math.MaxUint64
	case f > 0:
		return uint64(f + 0.5)
	default:
		return uint64(int64(f - 0.5))
	}
}

func sha1Of(d Datum) Datum { return hashed(sha1.New(), d.Text()) }

func sha2(ev *Evaluation, a []Datum) (Datum, error) {
	hashes := map[int64]func() hash.Hash{0: sha256.New, 256: sha256.New, 224: sha256.New224, 384: sha512.New384, 512: sha512.New}
	if h := hashes[a[1].ToInt()]; h != nil {
		return hashed(h(), a[0].Text()), nil
	}
	ev.Env.Warn(warnWrongParameters, "Incorrect parameters in the call to native function 'sha2'")
	return NullDatum(), nil
}

// hashed writes a text's hash in hexadecimal, without a copy of the text.
func hashed(h hash.Hash, text string) Datum {
	io.Copy(h, strings.NewReader(text))
	return StringDatum(hex.EncodeToString(h.Sum(nil)))
}

func unhex(ev *Evaluation, a []Datum) (Datum, error) {
	digits := a[0].Text()
	if len(digits)/2 > MaxText {
		return ev.tooLong("UNHEX"), nil
	}
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return NullDatum(), nil
	}
	return bytesDatum(string(b)), nil
}

// toBase64 breaks lines after 76 signs, as MySQL does.
func toBase64(ev *Evaluation, a []Datum) (Datum, error) {
	if base64.StdEncoding.EncodedLen(len(a[0].Text())) > MaxText {
		return ev.tooLong("TO_BASE64"), nil
	}
	const width = 76
	text := base64.StdEncoding.EncodeToString([]byte(a[0].Text()))
	var lines []string
	for ; len(text) > width; text = text[width:] {
		lines = append(lines, text[:width])
	}
	return StringDatum(strings.Join(append(lines, text), "\n")), nil
}

func fromBase64(ev *Evaluation, a []Datum) (Datum, error) {
	text := a[0].Text()
	if base64.StdEncoding.DecodedLen(len(text)) > 2*MaxText { // it has white space, but not that much
		return ev.tooLong("FROM_BASE64"), nil
	}
	b, err := base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text))
	if err != nil {
		return NullDatum(), nil
	}
	return bytesDatum(string(b)), nil
}
