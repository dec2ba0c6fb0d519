package httpapi

import (
	"bytes"
	"encoding/json"
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
	// listFlush is how much of a list is gathered before it is sent.
	listFlush = 64 << 10
)

// listQuery is what a list may be asked.
type listQuery struct {
	prefix  string
	pattern wharf.Pattern
	after   wharf.Key
	limit   int
}

// listed is one file of a list. The order of the fields is part of the
// interface.
type listed struct {
	Name         string    `json:"name"`
	Size         int64     `json:"size"`
	MD5          *string   `json:"md5"` // null while it is not known
	LastModified time.Time `json:"last_modified"`
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
	h := x.Header()
	h["Content-Type"], h["Cache-Control"] = jsonType, noStore
	return newListWriter(x).page(files, q.limit)
}

// listWriter writes a list. It starts to send only when there is much to send,
// so that most failures still get a status of their own; a later one ends the
// connection in the middle of the answer.
type listWriter struct {
	name string
	out  *answerBody
	b    bytes.Buffer
	enc  *json.Encoder
}

func newListWriter(x *exchange) *listWriter {
	w := &listWriter{name: x.stage, out: &answerBody{x: x, status: http.StatusOK}}
	w.enc = json.NewEncoder(&w.b)
	w.enc.SetEscapeHTML(false)
	return w
}

// page writes up to limit files, where the next page starts if there are more,
// and what was left out up to there.
func (w *listWriter) page(files wharf.Listing[wharf.Object], limit int) error {
	w.text(`{"stage_name":`).value(w.name).text(`,"files":[`)
	n, last, left := 0, "", wharf.LeftOut{}
	for obj, err := range files.All {
		if err != nil {
			return err
		}
		if n == limit {
			return w.text(`],"next":`).value(last).leftOut(left).text(`}`).end()
		}
		if n > 0 {
			w.text(",")
		}
		w.value(listedOf(obj))
		n, last, left = n+1, string(obj.Key), *files.LeftOut
		if w.b.Len() < listFlush {
			continue
		}
		if err := w.flush(); err != nil {
			return err
		}
	}
	return w.text(`]`).leftOut(*files.LeftOut).text(`}`).end()
}

func (w *listWriter) leftOut(l wharf.LeftOut) *listWriter {
	if l.Count == 0 {
		return w
	}
	return w.text(`,"left_out":`).value(leftOut(l))
}

func (w *listWriter) text(s string) *listWriter {
	w.b.WriteString(s)
	return w
}

// value appends v without the line end that an Encoder adds. What is listed
// can always be encoded.
func (w *listWriter) value(v any) *listWriter {
	if w.enc.Encode(v) == nil {
		w.b.Truncate(w.b.Len() - len("\n"))
	}
	return w
}

// end sends what is left, and its length before it if that is all.
func (w *listWriter) end() error {
	if x := w.out.x; x.status == 0 {
		x.set("Content-Length", strconv.Itoa(w.b.Len()))
	}
	return w.flush()
}

func (w *listWriter) flush() error {
	if _, err := w.out.Write(w.b.Bytes()); err != nil {
		return w.out.left("httpapi.list")
	}
	w.b.Reset()
	return nil
}

func listedOf(obj wharf.Object) listed {
	l := listed{Name: string(obj.Key), Size: obj.Size, LastModified: obj.ModTime.UTC()}
	if obj.MD5 != "" {
		l.MD5 = &obj.MD5
	}
	return l
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
