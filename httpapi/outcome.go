package httpapi

import (
	"bytes"
	"encoding/json"

	"wharf"
)

// outcome is the answer to every upload, and to every request that failed.
// The order of the fields is part of the interface.
type outcome struct {
	id    string
	stage string
	state string
	files []string
	err   error
}

// appendTo appends the outcome as JSON. It does what package json does, at a
// tenth of its price: this is a large part of what an answer costs.
func (o outcome) appendTo(b []byte) []byte {
	b = o.appendHead(b)
	for i := range o.files {
		b = o.appendFile(b, i)
	}
	return o.appendTail(b)
}

func (o outcome) appendHead(b []byte) []byte {
	b = appendText(append(b, `{"id":`...), o.id)
	b = appendText(append(b, `,"stage_name":`...), o.stage)
	b = appendText(append(b, `,"state":`...), o.state)
	return append(b, `,"files":[`...)
}

func (o outcome) appendFile(b []byte, i int) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	return appendText(b, o.files[i])
}

func (o outcome) appendTail(b []byte) []byte {
	b = append(b, ']')
	if o.err != nil {
		b = appendText(append(b, `,"error":{"code":`...), string(wharf.CodeOf(o.err)))
		b = appendText(append(b, `,"message":`...), wharf.MessageOf(o.err))
		b = append(b, '}')
	}
	return append(b, '}')
}

// appendText appends s as a JSON string.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			text, _ := encodeJSON(s) // a string can always be encoded
			return append(b, text...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// encodeJSON gives v as JSON, with names as they were sent: no character is
// escaped for the sake of HTML.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
