package httpapi

import (
	"encoding/json"
	"strconv"
)

// jsonFlush is how much of an answer is gathered before it is sent.
const jsonFlush = 64 << 10

// jsonWriter writes an answer as JSON. It starts to send only when there is much
// to send, so that most failures still get a status of their own; a later one
// ends the connection in the middle of the answer.
//
// Names are written as they were sent: no character is escaped for the sake of
// HTML.
type jsonWriter struct {
	out   answerBody
	b     []byte
	enc   *json.Encoder // nil before its first use
	err   error         // of the connection; nothing is written after it
	short [shortJSON]byte
}

// shortJSON is how much of an answer takes no memory of its own: as much as the
// outcome of an upload mostly has.
const shortJSON = 192

func newJSONWriter(x *exchange, status int) *jsonWriter {
	w := &jsonWriter{out: answerBody{x: x, status: status}}
	w.b = w.short[:0]
	return w
}

// Write implements [io.Writer] for the encoder.
func (w *jsonWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}

// text writes JSON as it is.
func (w *jsonWriter) text(s string) *jsonWriter {
	w.b = append(w.b, s...)
	return w.full()
}

// string writes s as value does, and quicker where it is plain.
func (w *jsonWriter) string(s string) *jsonWriter {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return w.value(s)
		}
	}
	w.b = append(append(append(w.b, '"'), s...), '"')
	return w.full()
}

// value writes v, without the line end that an Encoder adds. What is answered
// can always be encoded.
func (w *jsonWriter) value(v any) *jsonWriter {
	if w.enc == nil {
		w.enc = json.NewEncoder(w)
		w.enc.SetEscapeHTML(false)
	}
	if w.enc.Encode(v) == nil {
		w.b = w.b[:len(w.b)-len("\n")]
	}
	return w.full()
}

// full sends what was gathered, if that is much.
func (w *jsonWriter) full() *jsonWriter {
	if len(w.b) >= jsonFlush {
		w.flush()
	}
	return w
}

func (w *jsonWriter) flush() {
	defer func() { w.b = w.b[:0] }()
	if w.err != nil {
		return
	}
	if w.out.x.status == 0 {
		h := w.out.x.Header()
		h["Content-Type"], h["Cache-Control"] = jsonType, noStore
	}
	if _, err := w.out.Write(w.b); err != nil {
		w.err = w.out.disconnected("httpapi.answer")
	}
}

// end sends what is left, and its length before it if that is all.
func (w *jsonWriter) end() error {
	if x := w.out.x; x.status == 0 {
		x.set("Content-Length", strconv.Itoa(len(w.b)))
	}
	w.flush()
	return w.err
}

var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"}
)
