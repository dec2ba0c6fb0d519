package httpapi

import (
	"hash/maphash"
	"slices"

	"wharf"
)

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
	w.text(`{"id":`).string(o.id).text(`,"stage_name":`).string(o.stage).text(`,"state":`).string(o.state).text(`,"files":[`)
	for i, name := range o.files {
		if i > 0 {
			w.text(",")
		}
		if w.string(name); w.err != nil {
			return w.err
		}
	}
	w.text("]")
	if o.err != nil {
		w.text(`,"error":`).value(failure{wharf.CodeOf(o.err), wharf.MessageOf(o.err)})
	}
	return w.text("}").end()
}

// fewFiles is up to how many files of a form are compared one by one.
const fewFiles = 16

// landedFiles are the names of the files of a request that have landed, as they
// were sent.
type landedFiles struct {
	names  []string
	hashes map[uint64]struct{} // of the names, once there are more than a few
}

var nameSeed = maphash.MakeSeed()

func (l *landedFiles) add(name string) {
	l.names = append(l.names, name)
	if l.hashes != nil {
		l.hashes[maphash.String(nameSeed, name)] = struct{}{}
	}
}

// has reports whether a file of that name has landed.
func (l *landedFiles) has(name string) bool {
	if len(l.names) > fewFiles {
		if l.hashes == nil {
			l.hashes = make(map[uint64]struct{}, 2*len(l.names))
			for _, n := range l.names {
				l.hashes[maphash.String(nameSeed, n)] = struct{}{}
			}
		}
		if _, maybe := l.hashes[maphash.String(nameSeed, name)]; !maybe {
			return false
		}
	}
	return slices.Contains(l.names, name)
}
