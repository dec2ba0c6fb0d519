package tests

import (
	"database/sql"
	"encoding/hex"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// TestBoundLimit binds LIMIT and OFFSET, as ORMs do, in queries of one row, of
// information_schema and of files.
func TestBoundLimit(t *testing.T) {
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.mustUpload("s", "n.csv", []byte("1\n2\n3\n4\n"))
	for _, params := range []string{"", "interpolateParams=true"} {
		c := s.session(params)
		for query, want := range map[string]string{
			"SELECT 5 LIMIT ? OFFSET ?": "",
			"SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS ORDER BY 1 LIMIT ? OFFSET ?": "binary",
			"SELECT $1 FROM @s/n.csv ORDER BY 1 LIMIT ? OFFSET ?":                                          "2",
		} {
			var got string
			err := c.QueryRowContext(t.Context(), query, 1, 1).Scan(&got)
			if want == "" && err != sql.ErrNoRows || want != "" && (err != nil || got != want) {
				t.Errorf("%q %s: %q, %v", params, query, got, err)
			}
		}
	}
}

// TestBytesParameter binds bytes that are no text.
func TestBytesParameter(t *testing.T) {
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.mustUpload("s", "n.csv", []byte("1\n"))
	c := s.session("")
	given := []byte{0xff, 0x00, 'a', 0xc3}
	for _, query := range []string{"SELECT HEX(?), ?", "SELECT HEX(?), ? FROM @s/n.csv"} {
		var digits string
		var back []byte
		if err := c.QueryRowContext(t.Context(), query, given, given).Scan(&digits, &back); err != nil || digits != "FF0061C3" || string(back) != string(given) {
			t.Errorf("%s: %s, %s, %v", query, digits, hex.EncodeToString(back), err)
		}
	}
	_, err := c.ExecContext(t.Context(), "LIST @s PATTERN = ?", given)
	if e, ok := err.(*mysql.MySQLError); !ok || e.Number != 1210 {
		t.Errorf("a pattern that is no text: %v", err)
	}
}

// TestLocksEndWithTheirConnection waits for a lock until its connection ends.
func TestLocksEndWithTheirConnection(t *testing.T) {
	s := start(t, settings{})
	first := s.session("")
	lock := func(c *sql.Conn, seconds int) (got int) {
		t.Helper()
		if err := c.QueryRowContext(t.Context(), "SELECT GET_LOCK('migrations', ?)", seconds).Scan(&got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	second := s.session("")
	if lock(first, 0) != 1 || lock(second, 0) != 0 {
		t.Fatal("the lock is not one session's")
	}
	got := make(chan int, 1)
	go func() { got <- lock(second, 60) }()
	first.Raw(func(c any) error { return c.(interface{ Close() error }).Close() })
	if <-got != 1 {
		t.Error("the lock of a connection that ended was not released")
	}
}
