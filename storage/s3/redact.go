package s3

import (
	"errors"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// secretParams are the parts of URLs and headers that sign a request.
var secretParams = regexp.MustCompile(`(?i)((?:x-amz-(?:signature|credential|security-token)|signature|credential)=)[^&\s,"]+`)

// queries are the query strings of URLs in a text.
var queries = regexp.MustCompile(`(https?://[^\s"?]+)\?[^\s"]*`)

// signatures are those of Amazon's fourth version, and sums of their kind. One
// at the end may have been cut.
var signatures = regexp.MustCompile(`\b[0-9a-fA-F]{64}\b|\b[0-9a-fA-F]{16,63}$`)

// maxScrubbed is how many bytes of an error's text are kept for the log.
const maxScrubbed = 4 << 10

// scrub keeps an error's text for the log, and of it nothing secret: also a
// server's own message may repeat a key.
func (t *target) scrub(err error) error {
	if err == nil {
		return nil
	}
	text := t.hide(err.Error())
	if len(text) > maxScrubbed {
		text = strings.ToValidUTF8(text[:maxScrubbed], "") + "…"
	}
	return errors.New(text)
}

// hide replaces what is secret in a text: the keys, as they are or as URLs and
// XML write them, signatures, and the query strings of URLs. The text may have
// been cut in the middle of one.
func (t *target) hide(text string) string {
	if text == "" {
		return ""
	}
	text = queries.ReplaceAllString(text, "$1?…")
	text = secretParams.ReplaceAllString(text, "$1…")
	text = signatures.ReplaceAllString(text, "…")
	for _, v := range t.secrets() {
		text = strings.ReplaceAll(text, v, "…")
	}
	for _, v := range t.secrets() {
		for n := min(len(v)-1, len(text)); n >= minCut; n-- {
			if strings.HasSuffix(text, v[:n]) {
				text = text[:len(text)-n] + "…"
				break
			}
		}
	}
	return text
}

// minCut is how many bytes of a key, at the end of a text, are taken for one
// that was cut.
const minCut = 6

// secrets returns all forms of the keys, the longest first.
func (t *target) secrets() []string {
	hidden := slices.Clone(t.hidden)
	for _, l := range t.rotating {
		hidden = append(hidden, l.hidden()...)
	}
	var forms []string
	for _, v := range hidden {
		if v != "" {
			forms = append(forms, v, url.QueryEscape(v), url.PathEscape(v), html.EscapeString(v))
		}
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(forms)
}
