package httpapi

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"wharf"
)

// maxPartLines bounds the lines of a part's header.
const maxPartLines = 64

// partHeader is what an upload needs of a part's header.
type partHeader struct {
	filename string // as it was sent
	isFile   bool   // there was a filename, be it empty
}

func invalid(format string, args ...any) *wharf.Error {
	return wharf.Errorf(wharf.CodeInvalid, format, args...)
}

// parsePartHeader reads the lines of a part's header. What it cannot read for
// sure it refuses: to guess would be to store a file under another name.
func parsePartHeader(block []byte) (partHeader, error) {
	var disposition []byte
	found := false
	for n := 0; len(block) > 0; n++ {
		var line []byte
		line, block, _ = bytes.Cut(block, []byte("\r\n"))
		if n == maxPartLines {
			return partHeader{}, wharf.Errorf(wharf.CodeTooLarge, "a part of the form has a header of more than %d lines", maxPartLines)
		}
		name, value, err := cutHeaderLine(line)
		if err != nil {
			return partHeader{}, err
		}
		switch {
		case strings.EqualFold(name, "Content-Disposition"):
			if found {
				return partHeader{}, invalid("a part of the form has two Content-Disposition headers")
			}
			disposition, found = value, true
		case strings.EqualFold(name, "Content-Transfer-Encoding") && !plainEncoding(string(value)):
			return partHeader{}, invalid("a part of the form is encoded as %q; files are sent as they are", value)
		case isChecksum(http.CanonicalHeaderKey(name)):
			return partHeader{}, errFormChecksum(name)
		}
	}
	if !found {
		return partHeader{}, invalid("a part of the form has no Content-Disposition header")
	}
	return parseDisposition(string(disposition))
}

func cutHeaderLine(line []byte) (name string, value []byte, err error) {
	head, value, ok := bytes.Cut(line, []byte(":"))
	if bytes.IndexByte(value, 0) >= 0 {
		return "", nil, invalid("a part of the form has a NUL in its header; no file name holds one")
	}
	if !ok || !isToken(string(head)) || bytes.ContainsAny(value, "\r\n") {
		return "", nil, invalid("a part of the form has a header line that cannot be read")
	}
	return string(head), bytes.Trim(value, " \t"), nil
}

// plainEncoding tells the encodings that leave bytes as they are.
func plainEncoding(s string) bool {
	switch strings.ToLower(s) {
	case "", "binary", "8bit", "7bit", "identity":
		return true
	}
	return false
}

// parseDisposition reads the value of Content-Disposition: form-data. The
// filename is kept as it was sent, folders and %22 included. filename*, which
// RFC 7578 forbids in forms and .NET sends nevertheless, goes before it.
func parseDisposition(s string) (partHeader, error) {
	kind, rest, _ := strings.Cut(s, ";")
	if !strings.EqualFold(strings.TrimRight(kind, " \t"), "form-data") {
		return partHeader{}, invalid("a part of the form has a Content-Disposition other than form-data")
	}
	params := map[string]string{}
	for rest = trimBlanks(rest); rest != ""; {
		name, value, after, err := cutParam(rest)
		if err != nil {
			return partHeader{}, err
		}
		if _, twice := params[name]; twice {
			return partHeader{}, invalid("a part of the form has two values for %q in its Content-Disposition", name)
		}
		params[name], rest = value, after
	}
	name, isFile := params["filename"]
	if ext, ok := params["filename*"]; ok {
		var err error
		if name, err = decodeExtended(ext); err != nil {
			return partHeader{}, err
		}
		isFile = true
	}
	if len(s)-len(name) > nameCost/2 {
		name = strings.Clone(name) // it would keep all of s
	}
	return partHeader{filename: name, isFile: isFile}, nil
}

// cutParam cuts the first "name=value" and the ';' after it off s.
func cutParam(s string) (name, value, rest string, err error) {
	name, after, ok := strings.Cut(s, "=")
	if !ok || !isToken(name) {
		return "", "", "", errDisposition()
	}
	if strings.HasPrefix(after, `"`) {
		value, rest, ok = cutQuoted(after[1:])
	} else {
		value, rest, ok = cutBare(after)
	}
	if rest = trimBlanks(rest); rest != "" && ok {
		rest, ok = strings.CutPrefix(rest, ";")
	}
	if !ok {
		return "", "", "", errDisposition()
	}
	return strings.ToLower(name), value, trimBlanks(rest), nil
}

func errDisposition() error {
	return invalid("a part of the form has a Content-Disposition that cannot be read")
}

// cutQuoted reads a quoted string after its first quote. A backslash quotes a
// quote and a backslash, as curl --form-escape sends them; before anything
// else it is itself, as browsers send it.
func cutQuoted(s string) (value, rest string, ok bool) {
	end := strings.IndexAny(s, `"\`)
	if end >= 0 && s[end] == '"' {
		return s[:end], s[end+1:], true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], true
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}

// cutBare reads a value without quotes. It may hold what no token may, such
// as '/' and bytes over 127, but nothing that could end it elsewhere.
func cutBare(s string) (value, rest string, ok bool) {
	end := strings.IndexAny(s, "; \t")
	if end < 0 {
		end = len(s)
	}
	value = s[:end]
	return value, s[end:], value != "" && !strings.Contains(value, `"`)
}

// decodeExtended reads the form charset'language'text of RFC 8187.
func decodeExtended(s string) (string, error) {
	charset, rest, ok := strings.Cut(s, "'")
	_, text, ok2 := strings.Cut(rest, "'")
	if !ok || !ok2 || !strings.EqualFold(charset, "utf-8") {
		return "", invalid("a part of the form has a filename* that is not in UTF-8''")
	}
	name, err := url.PathUnescape(text)
	if err != nil {
		return "", invalid("a part of the form has a filename* with a broken %%-escape")
	}
	return name, nil
}

func trimBlanks(s string) string { return strings.Trim(s, " \t") }

// isToken tells whether s is a token of RFC 9110.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
