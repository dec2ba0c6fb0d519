package tests

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// TestLatin1 speaks latin1 from the login on: statements, names, values bound
// and shown, and errors.
func TestLatin1(t *testing.T) {
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.mustUpload("s", "käse €.csv", []byte("ä日"))
	c := s.session("collation=latin1_swedish_ci")
	wantLatin1(t, c)
	other := s.session("")
	if _, err := other.ExecContext(t.Context(), "SET NAMES latin1"); err != nil {
		t.Fatal(err)
	}
	wantLatin1(t, other)
	if _, err := other.ExecContext(t.Context(), "SET NAMES utf8mb4"); err != nil {
		t.Fatal(err)
	}
	wantOne(t, other, "käse €.csv", "LIST @s")
	if _, err := other.ExecContext(t.Context(), "SET character_set_results = ascii"); err != nil {
		t.Fatal(err)
	}
	wantOne(t, other, "k?se ?.csv", "LIST @s")
	if _, err := other.ExecContext(t.Context(), "SET character_set_results = NULL"); err != nil {
		t.Fatal(err)
	}
	wantOne(t, other, "käse €.csv", "LIST @s")
}

// wantLatin1 wants a connection to be one of latin1.
func wantLatin1(t *testing.T, c *sql.Conn) {
	t.Helper()
	wantOne(t, c, "k\xe4se \x80.csv", "LIST @s")
	wantOne(t, c, "k\xe4se \x80.csv", "LIST '@s/k\xe4se \x80.csv'")
	wantOne(t, c, "\xe4?", "SELECT $1 FROM '@s/k\xe4se \x80.csv' (FILE_FORMAT => 'csv')")
	wantOne(t, c, "1", "SELECT CHAR_LENGTH('\xe4\x80') = 2 AND 'k\xe4se' = _utf8mb4 x'6BC3A47365'")
	wantOne(t, c, "\xe4", "SELECT ?", "\xe4")
	wantOne(t, c, "C3A4", "SELECT HEX(CONVERT(? USING utf8mb4))", "\xe4")
	wantOne(t, c, "latin1 latin1 latin1 latin1_swedish_ci", "SELECT CONCAT_WS(' ', @@character_set_client, @@character_set_connection, @@character_set_results, @@collation_connection)")
	rows, err := c.QueryContext(t.Context(), "SELECT 1 AS `\xe4`")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if names, _ := rows.Columns(); len(names) != 1 || names[0] != "\xe4" {
		t.Errorf("columns: %q", names)
	}
	rows.Close()
	_, err = c.ExecContext(t.Context(), "SELECT `n\xf6pe`")
	if e, ok := err.(*mysql.MySQLError); !ok || e.Message != "Unknown column 'n\xf6pe' in 'field list'" {
		t.Errorf("%q", err)
	}
}

func wantOne(t *testing.T, c *sql.Conn, want, query string, args ...any) {
	t.Helper()
	var got string
	if err := c.QueryRowContext(t.Context(), query, args...).Scan(&got); err != nil || got != want {
		t.Errorf("%q: %q, %v; want %q", query, got, err, want)
	}
}

// TestLoginCollation logs in with collations of all kinds.
func TestLoginCollation(t *testing.T) {
	s := start(t, settings{})
	for collation, equal := range map[string]string{
		"utf8mb4_general_ci": "1", "utf8mb4_bin": "0", "utf8mb4_unicode_ci": "1", "utf8_general_ci": "1", "utf8_bin": "0",
		"ascii_general_ci": "1", "ascii_bin": "0", "latin1_bin": "0", "binary": "0",
	} {
		c := s.session("collation=" + collation)
		wantOne(t, c, equal, "SELECT 'a' = 'A'")
	}
	for collation, charset := range map[string]string{"gbk_chinese_ci": "gbk", "sjis_japanese_ci": "sjis", "latin2_general_ci": "latin2", "cp1251_general_ci": "cp1251"} {
		err := s.db("collation=" + collation).PingContext(context.Background())
		var e *mysql.MySQLError
		if !errors.As(err, &e) || e.Number != 1235 {
			t.Errorf("a login with %s: %v", collation, err)
		}
		_, err = s.session("").ExecContext(t.Context(), "SET NAMES "+charset)
		if !errors.As(err, &e) || e.Number != 1235 {
			t.Errorf("SET NAMES %s: %v", charset, err)
		}
	}
}
