package httpapi

import (
	"bytes"
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
	out *answerBody
	b   bytes.Buffer
	enc *json.Encoder
	err error // of the connection; nothing is written after it
}

func newJSONWriter(x *exchange, status int) *jsonWriter {
	w := &jsonWriter{out: &answerBody{x: x, status: status}}
	w.enc = json.NewEncoder(&w.b)
	w.enc.SetEscapeHTML(false)
	return w
}

// text writes JSON as it is.
func (w *jsonWriter) text(s string) *jsonWriter {
	w.b.WriteString(s)
	return w.full()
}

// value writes v, without the line end that an Encoder adds. What is answered
// can always be encoded.
func (w *jsonWriter) value(v any) *jsonWriter {
	if w.enc.Encode(v) == nil {
		w.b.Truncate(w.b.Len() - len("\n"))
	}
	return w.full()
}

// full sends what was gathered, if that is much.
func (w *jsonWriter) full() *jsonWriter {
	if w.b.Len() >= jsonFlush {
		w.flush()
	}
	return w
}

func (w *jsonWriter) flush() {
	if w.err != nil {
		w.b.Reset()
		return
	}
	if w.out.x.status == 0 {
		h := w.out.x.Header()
		h["Content-Type"], h["Cache-Control"] = jsonType, noStore
	}
	if _, err := w.out.Write(w.b.Bytes()); err != nil {
		w.err = w.out.disconnected("httpapi.answer")
	}
	w.b.Reset()
}

// end sends what is left, and its length before it if that is all.
func (w *jsonWriter) end() error {
	if x := w.out.x; x.status == 0 {
		x.set("Content-Length", strconv.Itoa(w.b.Len()))
	}
	w.flush()
	return w.err
}

var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"}
)
