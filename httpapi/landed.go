package httpapi

import (
	"hash/maphash"
	"slices"
)

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
