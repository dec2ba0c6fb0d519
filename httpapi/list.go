package httpapi

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"wharf"
)

const (
	// defaultLimit and maxLimit are how many files one page of a list has.
	defaultLimit = 1000
	maxLimit     = 10_000
)

// listQuery is what a list may be asked.
type listQuery struct {
	prefix  string
	pattern wharf.Pattern
	after   wharf.Key
	limit   int
}

// leftOut is what a list tells of the files that are there and cannot be in
// it.
type leftOut struct {
	Count int64    `json:"count"`
	First []string `json:"first"`
}

// list is GET /v1/stage/<stage>/: a page of the stage's files.
func (s *Server) list(x *exchange, stage wharf.StageName) error {
	q, err := parseListQuery(x.r.URL.RawQuery)
	if err != nil {
		return err
	}
	loc, err := wharf.ParseLocation(string(stage) + "/" + q.prefix)
	if err != nil {
		return err
	}
	files, err := s.service.ListFilesAfter(x.r.Context(), x.principal, loc, q.pattern, q.after)
	if err != nil {
		return err
	}
	return writePage(newJSONWriter(x, http.StatusOK), x.stage, files, q.limit)
}

// writePage writes up to limit files, where the next page starts if there are
// more, and what was left out up to there.
func writePage(w *jsonWriter, stage string, files wharf.Listing[wharf.Object], limit int) error {
	w.text(`{"stage_name":`).value(stage).text(`,"files":[`)
	n, last, left := 0, "", wharf.LeftOut{}
	for obj, err := range files.All {
		if err != nil {
			return err
		}
		if n == limit {
			w.text(`],"next":`).value(last)
			return writeLeftOut(w, left).text(`}`).end()
		}
		if n > 0 {
			w.text(",")
		}
		if w.file(obj); w.err != nil {
			return w.err
		}
		n, last, left = n+1, string(obj.Key), *files.LeftOut
	}
	return writeLeftOut(w.text(`]`), *files.LeftOut).text(`}`).end()
}

func writeLeftOut(w *jsonWriter, l wharf.LeftOut) *jsonWriter {
	if l.Count == 0 {
		return w
	}
	return w.text(`,"left_out":`).value(leftOut{l.Count, l.First})
}

// file writes one file of a list. The order of the fields is part of the interface.
// It does without an encoder, which took half of the time of a list.
func (w *jsonWriter) file(obj wharf.Object) *jsonWriter {
	w.text(`{"name":`).string(string(obj.Key)).text(`,"size":`)
	w.b = append(strconv.AppendInt(w.b, obj.Size, 10), `,"md5":`...)
	if obj.MD5 != "" {
		w.string(obj.MD5)
	} else {
		w.text("null") // while it is not known
	}
	w.text(`,"last_modified":"`)
	w.b = obj.ModTime.UTC().AppendFormat(w.b, time.RFC3339Nano)
	return w.text(`"}`)
}

// parseListQuery reads the query of a list. An unknown name is an error: a
// misspelt filter would list everything.
func parseListQuery(raw string) (listQuery, error) {
	q := listQuery{limit: defaultLimit}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, invalid("the query cannot be read")
	}
	for name, all := range values {
		if len(all) > 1 {
			return q, invalid("the query has %q twice", shorten(name, shownText))
		}
		value := all[0]
		switch name {
		case "prefix":
			q.prefix = value
		case "pattern":
			q.pattern, err = wharf.ParsePattern(value)
		case "after":
			q.after, err = parseAfter(value)
		case "limit":
			q.limit, err = strconv.Atoi(value)
			if err != nil || q.limit < 1 || q.limit > maxLimit {
				err = invalid("limit is %q; it is a number from 1 to %d", shorten(value, shownText), maxLimit)
			}
		default:
			err = invalid("the query has an unknown %q; prefix, pattern, after and limit are known", shorten(name, shownText))
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// parseAfter reads where a page starts.
func parseAfter(s string) (wharf.Key, error) {
	if s == "" {
		return "", nil
	}
	return wharf.ParseKey(s)
}
