package httpapi

import "wharf"

// outcome is the answer to every upload, and to every request that failed.
type outcome struct {
	id    string
	stage string
	state string
	files []string
	err   error
}

// failure is the error of an outcome.
type failure struct {
	Code    wharf.Code `json:"code"`
	Message string     `json:"message"`
}

// write writes the outcome. The order of the fields is part of the interface.
// The names of its files are never in memory once more as a whole.
func (o outcome) write(w *jsonWriter) error {
	w.text(`{"id":`).value(o.id).text(`,"stage_name":`).value(o.stage).text(`,"state":`).value(o.state).text(`,"files":[`)
	for i, name := range o.files {
		if i > 0 {
			w.text(",")
		}
		if w.value(name); w.err != nil {
			return w.err
		}
	}
	w.text("]")
	if o.err != nil {
		w.text(`,"error":`).value(failure{wharf.CodeOf(o.err), wharf.MessageOf(o.err)})
	}
	return w.text("}").end()
}
