package exec_test

import (
	"context"
	"testing"

	"wharf"
	"wharf/sql"
	"wharf/sql/exec"
	"wharf/sql/rowexec"
)

// asked is an engine for files that notes what it is asked.
type asked struct {
	texts []string
	err   error
}

func (a *asked) Columns(_ context.Context, q sql.Request) ([]wharf.Column, error) {
	return []wharf.Column{{Name: "asked", Type: wharf.TypeString}}, a.note(q)
}

func (a *asked) Query(_ context.Context, q sql.Request) (*wharf.Rows, error) {
	return &wharf.Rows{All: func(yield func([]wharf.Value, error) bool) { yield([]wharf.Value{wharf.Text("asked")}, nil) }}, a.note(q)
}

func (a *asked) note(q sql.Request) error {
	a.texts = append(a.texts, q.Query.Text)
	return a.err
}

// TestBeyondTheServer wants a SELECT without files to go to the engine for files
// where the server cannot answer it, and only then.
func TestBeyondTheServer(t *testing.T) {
	h := newHarness(t)
	files := &asked{}
	with := exec.New(exec.Options{Relations: rowexec.Engine{}, Files: files, Service: h.service})
	s, alone := with.NewSession(exec.Client{Principal: wharf.Root}), h.session("alone")
	for _, c := range []struct {
		text string
		want wharf.Code // without an engine for files; "" is an answer, for which none is asked
	}{
		{"SELECT 1", ""},
		{"SELECT @@version_comment LIMIT 1", ""},
		{"SELECT DATABASE(), CONNECTION_ID(), @x, NOW()", ""},
		{"SELECT TIMESTAMPADD(DAY, 1, '2026-01-01'), (1, 2) = (1, 2), CAST('[1]' AS JSON)", ""},
		{"SELECT COUNT(*) FROM information_schema.TABLES", ""},
		{"SELECT 1 FROM (SELECT 1 AS a) t WHERE a = 1 UNION SELECT 2", ""},
		{"SELECT UPDATEXML(1, 1, 1)", wharf.CodeUnsupported},
		{"SELECT STD(1)", wharf.CodeUnsupported},
		{"SELECT ROW_NUMBER() OVER ()", wharf.CodeUnsupported},
		{"SELECT COUNT(*), STD(a) FROM (SELECT 1 AS a) t", wharf.CodeUnsupported},
		{"SELECT 1 EXCEPT SELECT 2", wharf.CodeUnsupported},
		{"SELECT * FROM (VALUES ROW(1, 2)) v", wharf.CodeUnsupported},
		{"SELECT (1, 2) IN (SELECT 1, 2)", wharf.CodeUnsupported},
		{"SELECT a FROM (SELECT 1 AS a) t NATURAL JOIN (SELECT 1 AS a) u", wharf.CodeUnsupported},
		{"SELECT nope", wharf.CodeInvalid},
		{"SELECT NOPE(1)", wharf.CodeInvalid},
		{"SELECT nope FROM (SELECT 1 AS a) t", wharf.CodeInvalid},
		{"SELECT * FROM information_schema.nope", wharf.CodeNotFound},
	} {
		files.texts = nil
		stmt, _, err := s.Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Columns(t.Context(), stmt); err != nil {
			t.Fatal(err)
		}
		_, err = query(t, alone, c.text)
		if code := codeOf(err); code != c.want {
			t.Errorf("%s, without an engine for files: %v, want %q", c.text, err, c.want)
		}
		if c.want != wharf.CodeUnsupported {
			if _, err := query(t, s, c.text); codeOf(err) != c.want || len(files.texts) > 0 {
				t.Errorf("%s: %v, want %q; the engine for files was asked %q", c.text, err, c.want, files.texts)
			}
			continue
		}
		rows, err := query(t, s, c.text)
		if err != nil || len(rows) != 1 || rows[0][0] != "asked" || len(files.texts) != 2 || files.texts[1] != c.text {
			t.Errorf("%s: %v, %v; the engine for files was asked %q", c.text, rows, err, files.texts)
		}
	}
}

// codeOf is "" where there is no error.
func codeOf(err error) wharf.Code {
	if err == nil {
		return ""
	}
	return wharf.CodeOf(err)
}
