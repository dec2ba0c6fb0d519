package eval

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strings"
	"sync/atomic"
	"time"

	"wharf"
)

// identityFunctions are UUIDs as bytes, compressed bytes, and sizes and times
// as people read them.
func identityFunctions() map[string]Function {
	text, whole, raw := Always(wharf.TypeString), Always(wharf.TypeInt), Always(wharf.TypeBytes)
	address := func(is func(ip string) bool) Function {
		return Function{Min: 1, Max: 1, Typ: whole, Run: func(_ *Evaluation, a []Datum) (Datum, error) {
			const ipv6 = 16 // bytes
			return BoolDatum(a[0].Kind == kBytes && len(a[0].Str) == ipv6 && is(a[0].Str)), nil
		}}
	}
	return map[string]Function{
		"IS_UUID": {Min: 1, Max: 1, Typ: whole, strict: true, Run: func(_ *Evaluation, a []Datum) (Datum, error) {
			_, ok := uuidOf(a[0].Text())
			return BoolDatum(ok), nil
		}},
		// Without the FILE privilege, which nobody has here, MySQL gives NULL too.
		"LOAD_FILE": {Min: 1, Max: 1, Typ: raw, Run: func(*Evaluation, []Datum) (Datum, error) { return NullDatum(), nil }},

		// The version that MySQL 8.0.36 comes with.
		"ICU_VERSION": {Typ: text, System: true, Run: func(*Evaluation, []Datum) (Datum, error) { return StringDatum("73.1"), nil }},
		"UUID_SHORT":  {Typ: Always(wharf.TypeUint), Run: func(*Evaluation, []Datum) (Datum, error) { return UintDatum(shortUUID.Add(1)), nil }},

		"WEIGHT_STRING": {Min: 1, Max: 3, Typ: raw, Run: weightString},

		"UUID_TO_BIN": {Min: 1, Max: 2, Typ: raw, Run: uuidToBin},
		"BIN_TO_UUID": {Min: 1, Max: 2, Typ: text, Run: binToUUID},

		"IS_IPV4_COMPAT": address(func(ip string) bool {
			return ip[:12] == strings.Repeat("\x00", 12) && binary.BigEndian.Uint32([]byte(ip[12:])) > 1
		}),
		"IS_IPV4_MAPPED": address(func(ip string) bool { return ip[:12] == strings.Repeat("\x00", 10)+"\xff\xff" }),

		"COMPRESS":            {Min: 1, Max: 1, Typ: raw, strict: true, Run: compress},
		"UNCOMPRESS":          {Min: 1, Max: 1, Typ: raw, strict: true, Run: uncompress},
		"UNCOMPRESSED_LENGTH": {Min: 1, Max: 1, Typ: whole, strict: true, Run: uncompressedLength},

		"FORMAT_BYTES":     {Min: 1, Max: 1, Typ: text, strict: true, Run: formatBytes},
		"FORMAT_PICO_TIME": {Min: 1, Max: 1, Typ: text, strict: true, Run: formatPicoTime},
		"GET_FORMAT":       {Min: 2, Max: 2, Typ: text, strict: true, Run: getFormat},
	}
}

// shortUUID is the last value of UUID_SHORT: the number of the server, which is 0, in
// the first byte, when the server started in four, and a count in three.
var shortUUID = func() *atomic.Uint64 {
	var n atomic.Uint64
	n.Store(uint64(uint32(time.Now().Unix())) << 24)
	return &n
}()

// uuidOf reads the forms of a UUID that MySQL takes: 32 digits, with dashes, and
// with dashes in braces.
func uuidOf(s string) (string, bool) {
	const dashed, plain = 36, 32 // characters
	if len(s) == dashed+2 && s[0] == '{' && s[dashed+1] == '}' {
		s = s[1 : dashed+1]
	}
	if len(s) == dashed && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		s = s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	}
	b, err := hex.DecodeString(s)
	return string(b), err == nil && len(s) == plain
}

func uuidToBin(ev *Evaluation, a []Datum) (Datum, error) {
	if a[0].IsNull() {
		return NullDatum(), nil
	}
	b, ok := uuidOf(a[0].Text())
	if !ok {
		return NullDatum(), Invalid(errWrongForType, "Incorrect string value: '%s' for function uuid_to_bin", CutRunes(a[0].Text(), 64))
	}
	if ev.swaps(a) {
		b = b[6:8] + b[4:6] + b[:4] + b[8:]
	}
	return bytesDatum(b), nil
}

func binToUUID(ev *Evaluation, a []Datum) (Datum, error) {
	if a[0].IsNull() {
		return NullDatum(), nil
	}
	b := a[0].Text()
	if len(b) != 16 {
		return NullDatum(), Invalid(errWrongForType, "Incorrect string value for function bin_to_uuid: it has %d bytes, not 16", len(b))
	}
	if ev.swaps(a) {
		b = b[4:8] + b[2:4] + b[:2] + b[8:]
	}
	h := hex.EncodeToString([]byte(b))
	return StringDatum(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]), nil
}

// swaps reports whether the swap_flag of a function of UUIDs is set.
func (ev *Evaluation) swaps(a []Datum) bool {
	return len(a) == 2 && !a[1].IsNull() && ev.integer(a[1]) != 0
}

// sizeBytes is how many bytes before compressed ones tell the length that they
// unpack to.
const sizeBytes = 4

func compress(_ *Evaluation, a []Datum) (Datum, error) {
	text := a[0].Text()
	if text == "" {
		return bytesDatum(""), nil
	}
	var b bytes.Buffer
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(text))))
	w := zlib.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		return NullDatum(), err
	}
	if err := w.Close(); err != nil {
		return NullDatum(), err
	}
	if bytes.HasSuffix(b.Bytes(), []byte(" ")) {
		b.WriteByte('.') // a CHAR would lose the space
	}
	return bytesDatum(b.String()), nil
}

func uncompress(ev *Evaluation, a []Datum) (Datum, error) {
	packed := a[0].Text()
	if packed == "" {
		return bytesDatum(""), nil
	}
	corrupted := func() (Datum, error) {
		ev.Env.Warn(warnCorrupted, "ZLIB: Input data corrupted")
		return NullDatum(), nil
	}
	if len(packed) <= sizeBytes {
		return corrupted()
	}
	size := int(binary.LittleEndian.Uint32([]byte(packed)))
	if size > MaxText {
		return ev.tooLong("UNCOMPRESS"), nil
	}
	r, err := zlib.NewReader(strings.NewReader(packed[sizeBytes:]))
	if err != nil {
		return corrupted()
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	if err != nil || len(text) > size {
		return corrupted()
	}
	return bytesDatum(string(text)), nil
}

func uncompressedLength(ev *Evaluation, a []Datum) (Datum, error) {
	packed := a[0].Text()
	switch {
	case packed == "":
		return IntDatum(0), nil
	case len(packed) <= sizeBytes:
		ev.Env.Warn(warnCorrupted, "ZLIB: Input data corrupted")
		return IntDatum(0), nil
	}
	return IntDatum(int64(binary.LittleEndian.Uint32([]byte(packed)) & 0x3fffffff)), nil
}

// readable writes a number in a unit.
func readable(v float64, unit string) string {
	const most = 100_000 // that is written without an exponent
	if math.Abs(v) >= most {
		return fmt.Sprintf("%4.2e %s", v, unit)
	}
	return fmt.Sprintf("%4.2f %s", v, unit)
}

func formatBytes(_ *Evaluation, a []Datum) (Datum, error) {
	n := a[0].ToFloat()
	unit, size := "", 1.0
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"} {
		if math.Abs(n) < size*1024 {
			break
		}
		unit, size = next, size*1024
	}
	if unit == "" {
		return StringDatum(fmt.Sprintf("%4d bytes", int64(n))), nil
	}
	return StringDatum(readable(n/size, unit)), nil
}

func formatPicoTime(_ *Evaluation, a []Datum) (Datum, error) {
	n := a[0].ToFloat()
	unit, size := "", 1.0
	for _, next := range []struct {
		unit string
		size float64
	}{{"ns", 1e3}, {"us", 1e6}, {"ms", 1e9}, {"s", 1e12}, {"min", 60e12}, {"h", 3600e12}, {"d", 86400e12}} {
		if math.Abs(n) < next.size {
			break
		}
		unit, size = next.unit, next.size
	}
	if unit == "" {
		return StringDatum(fmt.Sprintf("%3d ps", int64(n))), nil
	}
	return StringDatum(readable(n/size, unit)), nil
}

// dateFormats are what GET_FORMAT gives, by its two arguments.
var dateFormats = map[string]map[string]string{
	"DATE": {"USA": "%m.%d.%Y", "JIS": "%Y-%m-%d", "ISO": "%Y-%m-%d", "EUR": "%d.%m.%Y", "INTERNAL": "%Y%m%d"},
	"TIME": {"USA": "%h:%i:%s %p", "JIS": "%H:%i:%s", "ISO": "%H:%i:%s", "EUR": "%H.%i.%s", "INTERNAL": "%H%i%s"},
	"DATETIME": {"USA": "%Y-%m-%d %H.%i.%s", "JIS": "%Y-%m-%d %H:%i:%s", "ISO": "%Y-%m-%d %H:%i:%s", "EUR": "%Y-%m-%d %H.%i.%s",
		"INTERNAL": "%Y%m%d%H%i%s"},
}

func getFormat(_ *Evaluation, a []Datum) (Datum, error) {
	kind := strings.Replace(strings.ToUpper(a[0].Text()), "TIMESTAMP", "DATETIME", 1)
	format, ok := dateFormats[kind][strings.ToUpper(a[1].Text())]
	if !ok {
		return NullDatum(), nil
	}
	return StringDatum(format), nil
}
