package clients

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
)

// tourist makes the tour in the test's own process, with database/sql and
// go-sql-driver. Its first error ends it, and is kept.
type tourist struct {
	ctx  context.Context
	mode string
	env  map[string]string
	out  io.Writer
	err  error
}

const (
	allTypes = "SELECT 7 AS i, -8 AS n, 18446744073709551615 AS u, 1.50 AS c, 2.5e0 AS f, 'Žluť €' AS t, NULL AS z, " +
		"CAST(X'00ff' AS BINARY) AS b, CAST('2024-02-29' AS DATE) AS d, " +
		"CAST('2024-02-29 12:34:56.123456' AS DATETIME(6)) AS s"
	content = "PAR1 and so on PAR1"
)

var bound = [][]any{{1, "one"}, {-2, `O'Re\il"ly`}, {nil, "€"}}

func (s *server) runInProcess(t *testing.T, c client, mode string, env []string) []string {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, w := io.Pipe()
	o := &tourist{ctx: ctx, mode: mode, env: map[string]string{}, out: w}
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		o.env[name] = value
	}
	ended := make(chan error, 1)
	go func() {
		ended <- c.inProcess(o)
		w.Close()
	}()
	got := s.follow(t, r)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return got
}

func (o *tourist) say(step string, values ...string) {
	fmt.Fprintf(o.out, "%s: %s\n", step, strings.Join(values, " | "))
}

// fail keeps an error.
func (o *tourist) fail(what string, err error) {
	if err != nil && o.err == nil {
		o.err = fmt.Errorf("%s: %w", what, err)
	}
}

func (o *tourist) open(port, password, params string) *sql.DB {
	db, err := sql.Open("mysql", "root:"+password+"@tcp(127.0.0.1:"+port+")/?parseTime=true&"+params)
	o.fail("open", err)
	return db
}

// queryer is a *sql.DB, *sql.Conn or *sql.Tx.
type queryer interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}

func (o *tourist) rows(q queryer, step, query string, args ...any) {
	rows, err := q.QueryContext(o.ctx, query, args...)
	o.show(step, rows, err, false)
}

func (o *tourist) table(q queryer, step, query string, args ...any) {
	rows, err := q.QueryContext(o.ctx, query, args...)
	o.show(step, rows, err, true)
}

// show says the rows of all results, and the error after them.
func (o *tourist) show(step string, rows *sql.Rows, err error, head bool) {
	if err != nil {
		o.failed(step, err)
		return
	}
	defer rows.Close()
	for more := true; more; more = rows.NextResultSet() {
		types, err := rows.ColumnTypes()
		o.fail(step, err)
		if head {
			names, err := rows.Columns()
			o.fail(step, err)
			o.say(step, names...)
		}
		for rows.Next() {
			o.say(step, o.row(step, rows, types)...)
		}
	}
	if err := rows.Err(); err != nil {
		o.failed(step, err)
	}
}

func (o *tourist) row(step string, rows *sql.Rows, types []*sql.ColumnType) []string {
	values, fields := make([]any, len(types)), make([]any, len(types))
	for i := range values {
		fields[i] = &values[i]
	}
	o.fail(step, rows.Scan(fields...))
	line := make([]string, len(types))
	for i, v := range values {
		line[i] = kindAndValue(v, types[i].DatabaseTypeName())
	}
	return line
}

func kindAndValue(v any, typ string) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case int64, uint64:
		return fmt.Sprintf("int %d", v)
	case float64:
		return fmt.Sprintf("float %v", v)
	case time.Time:
		if typ == "DATE" {
			return "date " + v.Format(time.DateOnly)
		}
		return "datetime " + v.Format("2006-01-02 15:04:05.000000")
	case []byte:
		switch typ {
		case "VARCHAR":
			return "text " + string(v)
		case "BLOB":
			return fmt.Sprintf("bytes %x", v)
		case "UNSIGNED BIGINT": // over int64 the driver has it as digits
			return "int " + string(v)
		}
		return strings.ToLower(typ) + " " + string(v)
	}
	return fmt.Sprintf("%T %v", v, v)
}

// failed says an error of the server; any other ends the tour.
func (o *tourist) failed(step string, err error) {
	var e *mysql.MySQLError
	switch {
	case errors.As(err, &e):
		o.say(step, fmt.Sprintf("error %d %s", e.Number, e.SQLState[:]))
	case err != nil:
		o.fail(step, err)
	default:
		o.say(step, "done")
	}
}

func (o *tourist) does(q queryer, step, query string) {
	r, err := q.ExecContext(o.ctx, query)
	if err != nil {
		o.failed(step, err)
		return
	}
	n, err := r.RowsAffected()
	o.fail(step, err)
	o.say(step, fmt.Sprintf("done %d", n))
}

func (o *tourist) exec(q queryer, query string) {
	_, err := q.ExecContext(o.ctx, query)
	o.fail(query, err)
}

func (o *tourist) upload(name, content string) {
	answer, err := upload(o.env["HTTP_ADDR"], o.env["STAGE"], map[string]string{name: content})
	o.fail("upload", err)
	o.say("upload", fmt.Sprint(answer))
}

// upload sends files as one form and returns the status.
func upload(addr, stage string, files map[string]string) (int, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, content := range files {
		w, err := form.CreateFormFile("upload", name)
		if err != nil {
			return 0, err
		}
		io.WriteString(w, content)
	}
	form.Close()
	req, err := http.NewRequest(http.MethodPut, "http://"+addr+"/v1/upload_to_stage", &body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("stage_name", stage)
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}
