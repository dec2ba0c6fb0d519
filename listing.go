package wharf

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Listing is a stream of files, and a count of what was left out of it.
type Listing[T Key | Object] struct {
	// All yields the files in byte order of key. An error is yielded once,
	// last. It may be ranged over once.
	All iter.Seq2[T, error]
	// LeftOut grows while All is ranged over. It counts the objects up to the
	// file that was yielded last, and after the end all of them.
	LeftOut *LeftOut
}

const (
	leftOutNames = 5   // that a LeftOut keeps
	leftOutBytes = 200 // of each
)

// LeftOut counts the objects that are where a Listing looks and cannot be in
// it: their names are not valid keys, or they are symbolic links that lead out
// of the stage or nowhere. Other programs put them there.
type LeftOut struct {
	Count int64
	Links int64 // of Count: links, whose names are valid
	// First holds the names of the first five, below the stage's root, each
	// cut after 200 bytes and escaped as in a Go string: `a\x01`, `a\xff`.
	First []string
}

func (l *LeftOut) add(name string) {
	l.Count++
	if _, err := ParseKey(name); err == nil {
		l.Links++
	}
	if len(l.First) == leftOutNames {
		return
	}
	if n := leftOutBytes; len(name) > n {
		for !utf8.RuneStart(name[n]) && n > leftOutBytes-utf8.UTFMax {
			n--
		}
		l.First = append(l.First, escapeName(name[:n])+"…")
		return
	}
	l.First = append(l.First, escapeName(name))
}

// String returns the names, and how many more there are:
// `"a\x01", "b/../c" and 3 more`.
func (l *LeftOut) String() string {
	s := `"` + strings.Join(l.First, `", "`) + `"`
	if more := l.Count - int64(len(l.First)); more > 0 {
		s += " and " + strconv.FormatInt(more, 10) + " more"
	}
	return s
}

// escapeName makes printable, valid text of a name of any bytes.
func escapeName(name string) string {
	quoted := strconv.Quote(name)
	return quoted[1 : len(quoted)-1]
}

// ListFiles streams the objects whose keys start with the location's path
// and whose rest matches the pattern, in byte order of key. An unknown stage
// is reported at once.
func (s *Service) ListFiles(ctx context.Context, p Principal, loc Location, pat Pattern) (Listing[Object], error) {
	return s.ListFilesAfter(ctx, p, loc, pat, "")
}

// ListKeys is ListFiles of objects with their keys only, which some stores list
// at less cost.
func (s *Service) ListKeys(ctx context.Context, p Principal, loc Location, pat Pattern) (Listing[Object], error) {
	return s.listFiles(ctx, p, loc, pat, ListOptions{Prefix: loc.Path, KeysOnly: true})
}

// ListFilesAfter is ListFiles of the objects whose keys come after a key, which
// need not exist: the next page of a list.
func (s *Service) ListFilesAfter(ctx context.Context, p Principal, loc Location, pat Pattern, after Key) (Listing[Object], error) {
	return s.listFiles(ctx, p, loc, pat, ListOptions{Prefix: loc.Path, After: after})
}

func (s *Service) listFiles(ctx context.Context, p Principal, loc Location, pat Pattern, o ListOptions) (Listing[Object], error) {
	if _, err := s.authorize(ctx, p); err != nil {
		return Listing[Object]{}, err
	}
	store, err := s.store(ctx, p, loc.Stage, PrivilegeRead)
	if err != nil {
		return Listing[Object]{}, err
	}
	return s.matching(ctx, store, loc.Stage, o, pat), nil
}

// matching streams the objects of a store whose names match, and counts and
// logs those that are left out. A name that is left out matches also by its
// escaped form, because '.' stands for no line feed.
func (s *Service) matching(ctx context.Context, store Store, stage StageName, o ListOptions, pat Pattern) Listing[Object] {
	left := &LeftOut{}
	o.Unnamed = func(name string) {
		rest := strings.TrimPrefix(name, o.Prefix)
		if pat.Match(rest) || pat.Match(escapeName(rest)) {
			left.add(name)
		}
	}
	all := store.List(ctx, o)
	return Listing[Object]{LeftOut: left, All: func(yield func(Object, error) bool) {
		defer s.logLeftOut(stage, left)
		if pat.IsZero() {
			all(yield)
			return
		}
		for obj, err := range all {
			if err != nil || pat.Match(string(obj.Key[len(o.Prefix):])) {
				if !yield(obj, err) {
					return
				}
			}
		}
	}}
}

func (s *Service) logLeftOut(stage StageName, left *LeftOut) {
	if left.Count > 0 {
		s.log.Warn("files were left out because their names are not valid or they are links that lead out of the stage",
			"stage", stage, "files", left.Count, "links", left.Links, "first", left.First)
	}
}
