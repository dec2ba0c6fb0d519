package dir

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"wharf"
)

var _ wharf.Placer = (*Store)(nil)

// Place implements [wharf.Placer]: the path without symbolic links.
func (s *Store) Place(prefix string) wharf.Place {
	folder, base := path.Split(prefix)
	real := s.real(folder)
	if real != "/" {
		real += "/"
	}
	return wharf.Place{Space: "fs", Path: real + base}
}

// real gives the absolute path of what a name below the stage's folder leads
// to: symbolic links are resolved as far as they lead to something, and the
// rest is taken as it is.
func (s *Store) real(name string) string {
	at := "/"
	for segment := range strings.SplitSeq(path.Join(s.allow, s.below, name), "/") {
		at = path.Join(at, segment)
		if info, err := os.Lstat(at); err != nil || info.Mode().Type() != fs.ModeSymlink {
			continue
		}
		if to, err := filepath.EvalSymlinks(at); err == nil {
			at = to
		}
	}
	return at
}

// leadsAside tells whether a name leads into a folder of files that are not
// whole, by a symbolic link: that of this stage, or of one below.
func (s *Store) leadsAside(name string) bool { return isAside(s.real(name)) }

// isAside tells whether a path is in such a folder.
func isAside(path string) bool { return slices.Contains(strings.Split(path, "/"), uploads) }
