package server

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"wharf"
)

// open connects go-sql-driver, with one connection.
func (r *running) open(t testing.TB, user, params string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", fmt.Sprintf("%s@tcp(%s)/%s", user, r.addr, params))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestText(t *testing.T) {
	db := start(t, Options{}).open(t, "root", "d?parseTime=true")
	var one int
	if err := db.QueryRow("one").Scan(&one); err != nil || one != 1 {
		t.Fatalf("one = %d, %v", one, err)
	}
	res, err := db.Exec("ok")
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := res.RowsAffected(); n != 3 {
		t.Errorf("%d rows affected", n)
	}
	var id int
	var user, name string
	if err := db.QueryRow("conn").Scan(&id, &user, &name); err != nil || id != 1 || user != "root" || name != "d" {
		t.Errorf("conn = %d %s %s, %v", id, user, name, err)
	}
}

// readTypes scans the row of every type.
func readTypes(t *testing.T, rows *sql.Rows, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	want := []string{"VARCHAR", "BLOB", "BIGINT", "UNSIGNED BIGINT", "DOUBLE", "DECIMAL", "TINYINT", "DATE", "DATETIME", "TIME", "JSON", "NULL"}
	types, _ := rows.ColumnTypes()
	for i, c := range types {
		if c.DatabaseTypeName() != want[i] {
			t.Errorf("column %d has type %s, want %s", i, c.DatabaseTypeName(), want[i])
		}
	}
	if !rows.Next() {
		t.Fatal("no row")
	}
	var s, dec, clock, js string
	var b []byte
	var i int64
	var u uint64
	var f float64
	var yes bool
	var date, stamp time.Time
	var null sql.NullString
	if err := rows.Scan(&s, &b, &i, &u, &f, &dec, &yes, &date, &stamp, &clock, &js, &null); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%s %x %d %d %v %s %v %s %s %s %s %v", s, b, i, u, f, dec, yes, date.Format(time.DateOnly),
		stamp.Format("2006-01-02 15:04:05.000000"), strings.TrimRight(clock, "0"), js, null.Valid)
	const all = `Grüße 00ff -5 18446744073709551615 1.5 12.50 true 2026-02-28 2026-02-28 01:02:03.000456 -49:02:03.5 {"a":1} false`
	if got != all {
		t.Errorf("got  %s\nwant %s", got, all)
	}
	if !rows.Next() {
		t.Fatal("no second row")
	}
	cells := make([]sql.NullString, len(want))
	pointers := make([]any, len(want))
	for i := range cells {
		pointers[i] = &cells[i]
	}
	if err := rows.Scan(pointers...); err != nil {
		t.Fatal(err)
	}
	for i, c := range cells {
		if c.Valid {
			t.Errorf("NULL in column %d is %q", i, c.String)
		}
	}
	if rows.Next() || rows.Err() != nil {
		t.Errorf("after the last row: %v", rows.Err())
	}
}

func TestTypes(t *testing.T) {
	db := start(t, Options{}).open(t, "root", "?parseTime=true")
	t.Run("text", func(t *testing.T) {
		rows, err := db.Query("types")
		readTypes(t, rows, err)
	})
	t.Run("binary", func(t *testing.T) {
		st, err := db.Prepare("types")
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		rows, err := st.Query()
		readTypes(t, rows, err)
	})
}

func TestPrepared(t *testing.T) {
	db := start(t, Options{}).open(t, "root", "")
	st, err := db.Prepare("echo ? ? ? ? ?")
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	when := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	long := strings.Repeat("long", 1<<20)
	for _, c := range []struct {
		args []any
		want string
	}{
		{[]any{1, "two", 3.5, nil, []byte("x")}, "[1:1 4:two 3:3.5 NULL 4:x]"},
		{[]any{uint64(1 << 63), "", true, "NULL", nil}, "[2:9223372036854775808 4: 1:1 4:NULL NULL]"},
		{[]any{when, nil, nil, nil, nil}, "[4:2026-03-04 05:06:07.000008 NULL NULL NULL NULL]"},
		{[]any{long, 1, long, 2, 3}, "[4:" + long + " 1:1 4:" + long + " 1:2 1:3]"},
	} {
		var got [5]sql.NullString
		if err := st.QueryRow(c.args...).Scan(&got[0], &got[1], &got[2], &got[3], &got[4]); err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, g := range got {
			if !g.Valid {
				g.String = "NULL"
			}
			parts = append(parts, g.String)
		}
		if s := "[" + strings.Join(parts, " ") + "]"; s != c.want {
			t.Errorf("got %.100s\nwant %.100s", s, c.want)
		}
	}
}

func TestLongRowsAndManyRows(t *testing.T) {
	db := start(t, Options{}).open(t, "root", "")
	for _, n := range []int{0, 1, 250, 251, 1 << 16, 1 << 20, maxFragment - 5, maxFragment - 4, 2*maxFragment + 1} {
		var s string
		if err := db.QueryRow(fmt.Sprintf("wide %d", n)).Scan(&s); err != nil || len(s) != n {
			t.Errorf("a value of %d bytes came as %d, %v", n, len(s), err)
		}
	}
	rows, err := db.Query("rows 100000")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
	}
	if n != 100000 || rows.Err() != nil {
		t.Errorf("%d rows, %v", n, rows.Err())
	}
}

func TestLongStatement(t *testing.T) {
	db := start(t, Options{}).open(t, "root", "?maxAllowedPacket=67108864")
	for _, n := range []int{maxFragment - 2, maxFragment - 1, 40 << 20} {
		if _, err := db.Exec("ok " + strings.Repeat("x", n)); err != nil {
			t.Errorf("a statement of %d bytes: %v", n, err)
		}
	}
}

// wantError checks an error's number, SQLSTATE and text.
func wantError(t *testing.T, err error, number uint16, state, text string) {
	t.Helper()
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want error %d", err, number)
		return
	}
	if e.Number != number || string(e.SQLState[:]) != state || !strings.Contains(e.Message, text) {
		t.Errorf("got %v, want %d (%s) with %q", e, number, state, text)
	}
}

func TestErrors(t *testing.T) {
	r := start(t, Options{})
	db := r.open(t, "root", "")
	for _, code := range wharf.Codes() {
		number, state, _ := number(code)
		_, err := db.Exec("fail " + string(code))
		wantError(t, err, number, state, "failed")
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the cause reached the client: %v", err)
		}
		st, err := db.Prepare("fail " + string(code))
		if err != nil {
			t.Fatal(err)
		}
		_, err = st.Exec()
		wantError(t, err, number, state, "failed")
		st.Close()
	}
	_, err := db.Exec("fail internal")
	wantError(t, err, 1105, "HY000", "(connection 1)")
	if n := strings.Count(r.log.String(), "/secret/path"); n != 3 {
		t.Errorf("3 internal errors were logged %d times", n)
	}
	for text, want := range map[string]refusal{
		"":              {1065, "42000", "empty"},
		" ; ;":          {1065, "42000", "empty"},
		"syntax":        {1064, "42000", "syntax"},
		"one; one":      {1064, "42000", "one statement at a time"},
		"one; syntax":   {1064, "42000", "near 'syntax'"},
		"echo ?":        {1064, "42000", "?"},
		"unheard of":    {1235, "42000", "unheard"},
		"fail upstream": {1296, "HY000", "failed"},
	} {
		_, err := db.Exec(text)
		wantError(t, err, want.errno, want.state, want.msg)
	}
	_, err = db.Prepare("one; one")
	wantError(t, err, 1064, "42000", "one statement")
	_, err = db.Prepare("")
	wantError(t, err, 1065, "42000", "empty")
	if err := db.Ping(); err != nil {
		t.Errorf("the connection did not survive its errors: %v", err)
	}
}

func TestErrorAfterRows(t *testing.T) {
	db := start(t, Options{}).open(t, "root", "")
	rows, err := db.Query("midfail 100")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; rows.Next(); n++ {
	}
	wantError(t, rows.Err(), 1296, "HY000", "the store went away")
	rows.Close()
	if n != 100 {
		t.Errorf("%d rows before the error", n)
	}
	if err := db.Ping(); err != nil {
		t.Error(err)
	}
}

func TestMultiStatements(t *testing.T) {
	db := start(t, Options{}).open(t, "root", "?multiStatements=true")
	rows, err := db.Query("one; rows 2; ok; one;")
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for {
		n := 0
		for ; rows.Next(); n++ {
		}
		got = append(got, n)
		if !rows.NextResultSet() {
			break
		}
	}
	rows.Close()
	if fmt.Sprint(got) != "[1 2 1]" || rows.Err() != nil {
		t.Errorf("rows of the results: %v, %v", got, rows.Err())
	}
	rows, err = db.Query("one; syntax; one")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
	}
	if rows.NextResultSet() {
		t.Error("a result after the mistake")
	}
	wantError(t, rows.Err(), 1064, "42000", "syntax")
	rows.Close()
	if err := db.Ping(); err != nil {
		t.Error(err)
	}
}

func TestUnknownDatabase(t *testing.T) {
	r := start(t, Options{})
	err := r.open(t, "root", "nowhere").Ping()
	wantError(t, err, 1049, "42000", "nowhere")
}

func TestPanicEndsOneConnection(t *testing.T) {
	r := start(t, Options{})
	bystander := r.open(t, "root", "")
	if err := bystander.Ping(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for _, text := range []string{"panic", "midpanic"} {
		conn, err := r.open(t, "root", "").Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := conn.QueryContext(ctx, text)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			rows.Close()
		}
		wantError(t, err, 1105, "HY000", "(connection ")
		if conn.PingContext(ctx) == nil {
			t.Errorf("the connection outlived %s", text)
		}
		conn.Close()
	}
	if err := bystander.Ping(); err != nil {
		t.Error(err)
	}
	if log := r.log.String(); !strings.Contains(log, "as asked") || !strings.Contains(log, "fakeSession") || !strings.Contains(log, "connection=2") {
		t.Errorf("the panic is not logged with its stack and connection: %s", log)
	}
}
