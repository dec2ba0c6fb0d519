package httpapi

import (
	"mime"
	"net/url"
	"strconv"
	"strings"
)

// disposition is what an upload needs of a part's Content-Disposition.
type disposition struct {
	kind     string // form-data or, in a nested form, attachment; in lower case
	name     string // of the form's field
	filename string // decoded; folders and %22 included
	isFile   bool   // there was a filename, be it empty
}

// parseDisposition reads the value of a Content-Disposition header. The
// filename is kept as it was sent, folders and %22 included, but for what is
// encoded by RFC 2047, RFC 2231 or RFC 8187. filename* and filename in sections
// go before filename: RFC 7578 forbids them in forms, and .NET and Python send
// them nevertheless.
func parseDisposition(s string) (disposition, error) {
	kind, rest, _ := strings.Cut(s, ";")
	d := disposition{kind: strings.ToLower(strings.TrimRight(kind, " \t"))}
	params := map[string]string{}
	for rest = trimBlanks(rest); rest != ""; {
		name, value, after, err := cutParam(rest)
		if err != nil {
			return disposition{}, err
		}
		if _, twice := params[name]; twice {
			return disposition{}, invalid("a part of the form has two values for %q in its Content-Disposition", name)
		}
		params[name], rest = value, after
	}
	d.name = params["name"]
	var err error
	if d.filename, d.isFile, err = filename(params); err != nil {
		return disposition{}, err
	}
	if len(s)-len(d.filename) > nameCost/2 {
		d.filename = strings.Clone(d.filename) // it would keep all of s
	}
	return d, nil
}

// filename returns the filename among the parameters of a Content-Disposition,
// and whether there is one.
func filename(params map[string]string) (name string, found bool, err error) {
	if ext, ok := params["filename*"]; ok {
		if hasSections(params) {
			return "", false, invalid("a part of the form has its filename as filename* and in sections (filename*0)")
		}
		name, err = decodeExtended(ext)
		return name, true, err
	}
	if hasSections(params) {
		name, err = joinSections(params)
		return name, true, err
	}
	if name, found = params["filename"]; strings.HasPrefix(name, "=?") {
		name, err = decodeWords(name)
	}
	return name, found, err
}

const sectionPrefix = "filename*"

func hasSections(params map[string]string) bool {
	for name := range params {
		if len(name) > len(sectionPrefix) && strings.HasPrefix(name, sectionPrefix) {
			return true
		}
	}
	return false
}

// joinSections joins a filename that is sent in numbered sections (RFC 2231,
// section 3), which Python's package email does with long ones. A section whose
// name ends in '*' is %-encoded, and the first one then names the charset.
func joinSections(params map[string]string) (string, error) {
	var b strings.Builder
	sections := 0
	for ; ; sections++ {
		name := sectionPrefix + strconv.Itoa(sections)
		text, plain := params[name]
		encoded, extended := params[name+"*"]
		if plain == extended { // neither, or both
			break
		}
		if extended {
			if sections > 0 {
				encoded = "utf-8''" + encoded // the charset stands in the first one
			}
			var err error
			if text, err = decodeExtended(encoded); err != nil {
				return "", err
			}
		}
		b.WriteString(text)
	}
	for name := range params {
		if strings.HasPrefix(name, sectionPrefix) {
			sections--
		}
	}
	if sections != 0 {
		return "", errSections()
	}
	return b.String(), nil
}

func errSections() error {
	return invalid("a part of the form has a filename in sections (filename*0, filename*1, …) that cannot be put together")
}

// decodeWords decodes a filename that consists of encoded words (RFC 2047), as
// PowerShell sends names outside of ASCII. A name that only begins like an
// encoded word stays as it is.
func decodeWords(s string) (string, error) {
	var b strings.Builder
	for word := range strings.FieldsSeq(s) {
		if !isEncodedWord(word) {
			return s, nil
		}
		text, err := new(mime.WordDecoder).Decode(word)
		if err != nil {
			return "", invalid("the filename %q is an encoded word (RFC 2047) that cannot be decoded; send it in UTF-8", shorten(s, shownText))
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// isEncodedWord reports whether s has the shape =?charset?B?text?= or, for the
// other encoding, =?charset?Q?text?=.
func isEncodedWord(s string) bool {
	inner, ok := strings.CutPrefix(s, "=?")
	inner, ok2 := strings.CutSuffix(inner, "?=")
	parts := strings.Split(inner, "?")
	return ok && ok2 && len(parts) == 3 && isToken(parts[0]) && len(parts[1]) == 1 && strings.Contains("bBqQ", parts[1])
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
	if !ok || !ok2 || !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		return "", invalid("a part of the form has a filename* that is not in UTF-8''")
	}
	name, err := url.PathUnescape(text)
	if err != nil {
		return "", invalid("a part of the form has a filename* with a broken %%-escape")
	}
	return name, nil
}
