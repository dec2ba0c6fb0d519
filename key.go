package wharf

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxKey is the longest key, in bytes: the limit of S3, so that a file can
// move between an internal and an external stage.
const MaxKey = 1024

// Key names an object in a stage: its path below the stage's root, as a user
// sees it in file_name.
type Key string

// ParseKey validates a key: 1 to 1,024 bytes of UTF-8, without control
// characters, without a leading or a final '/', and with no segment that is
// "." or "..". Anything else is [CodeInvalid].
func ParseKey(s string) (Key, error) {
	if s == "" {
		return "", Errorf(CodeInvalid, "the file name is empty")
	}
	if err := checkPath("file name", s); err != nil {
		return "", err
	}
	if strings.HasSuffix(s, "/") {
		return "", Errorf(CodeInvalid, "the file name %q ends in '/': that is a folder", s)
	}
	return Key(s), nil
}

// ParseFolder validates a folder below a stage's root: "" for the root
// itself, else a path by the rules of a key, with or without its final '/'.
// It returns it with the final '/', ready to be put before a name.
func ParseFolder(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if err := checkPath("relative path", s); err != nil {
		return "", err
	}
	return strings.TrimSuffix(s, "/") + "/", nil
}

// checkPath checks the rules of keys and folders.
func checkPath(what, s string) error {
	if err := checkText(what, s); err != nil {
		return err
	}
	return checkSegments(what, s, s)
}

// checkText checks the rules that keys, folders and prefixes share.
func checkText(what, s string) error {
	switch {
	case len(s) > MaxKey:
		return Errorf(CodeInvalid, "the %s is %d bytes long; at most %d are allowed", what, len(s), MaxKey)
	case !utf8.ValidString(s):
		return Errorf(CodeInvalid, "the %s is not valid UTF-8", what)
	case strings.HasPrefix(s, "/"):
		return Errorf(CodeInvalid, "the %s %q is absolute; it must be relative to the stage", what, s)
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return Errorf(CodeInvalid, "the %s %q holds a control character", what, s)
		}
	}
	return nil
}

// checkSegments refuses the segments "." and ".." in part, which is a part of s.
func checkSegments(what, s, part string) error {
	for seg := range strings.SplitSeq(part, "/") {
		if seg == "." || seg == ".." {
			return Errorf(CodeInvalid, "the %s %q holds the path segment %q", what, s, seg)
		}
	}
	return nil
}

// Location is a place in a stage, as @stage/path names it.
type Location struct {
	Stage StageName
	Path  string // below the stage's root; a prefix, a folder or a key, as the statement says
	Bare  bool   // written without any '/': "@s", as opposed to "@s/"
}

// ParseLocation validates a location written without its '@': "stage",
// "stage/", "stage/path". The path follows the rules of a key, but may be empty
// and may end in '/'. Its last segment may be "." or "..", because it may be a
// prefix, that of ".hidden" and "..x".
func ParseLocation(s string) (Location, error) {
	stage, path, slash := strings.Cut(s, "/")
	name, err := ParseStageName(stage)
	if err != nil {
		return Location{}, err
	}
	if err := checkText("path", path); err != nil {
		return Location{}, err
	}
	if err := checkSegments("path", path, path[:strings.LastIndexByte(path, '/')+1]); err != nil {
		return Location{}, err
	}
	return Location{Stage: name, Path: path, Bare: !slash}, nil
}

// IsFolder reports whether the location names everything below it, by its
// final '/' or because it is the stage's root.
func (l Location) IsFolder() bool {
	return l.Path == "" || strings.HasSuffix(l.Path, "/")
}

// Folder is the folder of that name: the location with a '/' at its end.
func (l Location) Folder() Location {
	l.Bare = false
	if !l.IsFolder() {
		l.Path += "/"
	}
	return l
}

// String returns the location with its '@' as a statement writes it: in quotes
// if it could be read as something else without them. Clients take '#' for a
// comment: of "@s/#x" they would send "@s/".
func (l Location) String() string {
	s := "@" + string(l.Stage)
	if !l.Bare {
		s += "/" + l.Path
	}
	odd := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("\"'`\\#,;()", r) }
	if !strings.ContainsFunc(s, odd) && !strings.Contains(s, "--") && !strings.Contains(s, "/*") && !strings.Contains(s, "*/") {
		return s
	}
	return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(s) + "'"
}
