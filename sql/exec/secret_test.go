package exec_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"wharf"
	"wharf/sql/exec"
)

// secretStatements hold the keys of secretValues.
var secretStatements = []string{
	`CREATE STAGE z URL='s3://bucket/' CREDENTIALS=(AWS_KEY_ID='AKIAX77PDEF' AWS_SECRET_KEY='wJalrXUtnFEMI/bPx==')`,
	`CREATE STAGE z URL = 's3://bucket/a/', CONNECTION = (ACCESS_KEY_ID = "AKIAX77PDEF", SECRET_ACCESS_KEY = 'wJalrXUtnFEMI''bPx', REGION = auto) COMMENT = 'mine'`,
	`CREATE OR REPLACE STAGE z 's3://bucket/' COMMENT='it''s' FILE_FORMAT=(TYPE=CSV FIELD_DELIMITER='"') CREDENTIALS=(aws_token='FQoGZXIvYXdz' AWS_KEY_ID='AKIAX77PDEF' AWS_SECRET_KEY="wJalrXUtnFEMI")`,
	`ALTER STAGE IF EXISTS z SET URL='s3://bucket/' CONNECTION=(ROLE_ARN='arn:aws:iam::1:role/r' EXTERNAL_ID='wJalrXUtnFEMI')`,
	"CREATE CONNECTION c STORAGE_TYPE = 's3' ACCESS_KEY_ID = 'AKIAX77PDEF' SECRET_ACCESS_KEY = 'wJalrXUtnFEMI' SESSION_TOKEN = \"FQoGZXIvYXdz\"",
	"COPY INTO t FROM 's3://bucket/' CONNECTION = (ACCESS_KEY_ID = 'AKIAX77PDEF' SECRET_ACCESS_KEY = 'wJalrXUtnFEMI')",
	// Without quotes; two mistakes can make a key a part of an option's name.
	"CREATE STAGE z URL='s3://bucket/' CREDENTIALS=(AWS_KEY_ID=AKIAX77PDEF AWS_SECRET_KEY=wJalrXUtnFEMI)",
	"LIST @s; CREATE STAGE `z` URL='s3://bucket/' CREDENTIALS=(AWS_KEY_ID='AKIAX77PDEF' AWS_SECRET_KEY='wJalr;XUtnFEMI'); LIST @s",
}

var secretValues = []string{"AKIAX77PDEF", "wJalrXUtnFEMI/bPx==", "wJalr;XUtnFEMI", "FQoGZXIvYXdz", "414B494158373750444546", "0100000101001011"}

// leaks tells what of a key is in a text: five characters in a row.
func leaks(text string) string {
	for _, v := range secretValues {
		for i := range len(v) - 4 {
			if strings.Contains(text, v[i:i+5]) {
				return v[i : i+5]
			}
		}
	}
	return ""
}

// TestSecretsBehindTypos makes a mistake at random in statements with keys:
// no error, no warning, and no line of a process list or a log may then show
// a part of one.
func TestSecretsBehindTypos(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	s := newHarness(t).session("typos")
	for _, text := range secretStatements {
		mistakes := 2
		if strings.Contains(text, "=AKIA") {
			mistakes = 1
		}
		for range 1000 {
			checkSecrets(t, s, mistype(r, mistakes, text))
		}
		for i := range len(text) { // each quote and parenthesis for sure
			if strings.ContainsRune("'\"`()=,;@ ", rune(text[i])) {
				checkSecrets(t, s, text[:i]+text[i+1:])
				checkSecrets(t, s, text[:i]+text[i:i+1]+text[i:])
			}
		}
	}
}

// TestSecretsInNames has quotes that make a name of what is around a key.
func TestSecretsInNames(t *testing.T) {
	s := newHarness(t).session("names")
	for _, text := range []string{
		`CREATE CONNECTION" c STORAGE_TYPE = 's3' ACCESS_KEY_ID = 'AKIAX77PDEF' SECRET_ACCE"SS_KEY = 'wJalrXUtnFEMI'`,
		"CREATE STAGE ` s 's3://b/' CONNECTION = (ACCESS_KEY_ID = 'AKIAX77PDEF' SECRET_ACCESS_KEY = 'wJalrXUtnFEMI')`",
		"DROP CONNECTION `c ACCESS_KEY_ID = 'AKIAX77PDEF'`",
		"ALTER STAGE `s SET CONNECTION = (ACCESS_KEY_ID = 'AKIAX77PDEF'` RENAME TO t",
		"ALTER STAGE s RENAME TO `t SET CONNECTION = (ACCESS_KEY_ID = 'AKIAX77PDEF'`",
		"DESC FILE FORMAT \"f SECRET_ACCESS_KEY = 'wJalrXUtnFEMI'\"",
		"SHOW CREATE STAGE \"s TOKEN = FQoGZXIvYXdz\"",
	} {
		checkSecrets(t, s, text)
	}
	for _, text := range []string{"CREATE STAGE `my_key`", "CREATE CONNECTION \"token-1\" STORAGE_TYPE = 's3'"} {
		must(t, s, text)
	}
}

// TestSecretsInHexadecimal writes the hash of a password in all ways in which it can be
// written, also with mistakes.
func TestSecretsInHexadecimal(t *testing.T) {
	s := newHarness(t).session("hexadecimal")
	for _, text := range []string{
		"CREATE USER u IDENTIFIED WITH `caching_sha2_password` AS 0x414B494158373750444546",
		"CREATE USER u IDENTIFIED WITH caching_sha2_password AS 0X414B494158373750444546",
		"CREATE USER u IDENTIFIED WITH caching_sha2_password AS x'414B494158373750444546'",
		"CREATE USER u IDENTIFIED WITH caching_sha2_password AS X'414B494158373750444546', v",
		"CREATE USER u IDENTIFIED WITH caching_sha2_password AS/**/0x414B494158373750444546",
		"CREATE USER u IDENTIFIED WITH 'caching_sha2_password' AS 'AKIAX77PDEF'",
		"CREATE USER u IDENTIFIED BY PASSWORD 0x414B494158373750444546",
		"CREATE USER u IDENTIFIED BY 0x414B494158373750444546",
		"CREATE USER u IDENTIFIED BY 0b0100000101001011",
		"ALTER USER u IDENTIFIED WITH mysql_native_password AS 0x414B494158373750444546 ACCOUNT LOCK",
		"ALTER USER USER() IDENTIFIED BY 0x414B494158373750444546",
		"ALTER USER u IDENTFIED WITH mysql_native_password AS 0x414B494158373750444546",
		"ALTER USER u IDENTFIED WITH mysql_native_password AS 0x414B494158373750444546z",
		"ALTER USER u WITH mysql_native_password AS b'0100000101001011'",
		"SET PASSWORD = 0x414B494158373750444546",
		"SET PASSWORD FOR u = 0x414B494158373750444546",
		"SET @h = 0x414B494158373750444546, @b = 0b0100000101001011",
		"SELECT CONCAT(0x414B494158373750444546,0x414B494158373750444546)",
		"GRANT READ ON STAGE s TO u IDENTIFIED BY 0x414B494158373750444546",
	} {
		checkSecrets(t, s, text)
	}
	stmt, _, err := s.Parse("SELECT 0xAB, 0b01, 0, a0x12, `0x12`, x0b1 FROM @s/f")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := stmt.Redacted(), "SELECT 0x…, 0b…, 0, a0x12, `0x12`, x0b1 FROM @s/f"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// mistype takes a character out, puts one in or doubles one, up to most times.
func mistype(r *rand.Rand, most int, text string) string {
	for range 1 + r.IntN(most) {
		i := r.IntN(len(text))
		switch r.IntN(3) {
		case 0:
			text = text[:i] + text[i+1:]
		case 1:
			odd := "'\"`()=,;\\ x-#/*"
			text = text[:i] + odd[r.IntN(len(odd)):][:1] + text[i:]
		case 2:
			text = text[:i] + text[i:i+1] + text[i:]
		}
	}
	return text
}

func checkSecrets(t *testing.T, s *exec.Session, text string) {
	t.Helper()
	for rest := text; rest != ""; {
		stmt, next, err := s.Parse(rest)
		if err == nil && stmt != nil {
			if at := leaks(stmt.Redacted()); at != "" {
				t.Errorf("%s\nthe process list shows %q: %s", text, at, stmt.Redacted())
			}
			_, err = s.Run(t.Context(), stmt, make([]wharf.Value, stmt.NumParams()))
		}
		if err != nil {
			if at := leaks(err.Error()); at != "" {
				t.Errorf("%s\nthe error shows %q: %v", text, at, err)
			}
			checkWarnings(t, s, text)
			return
		}
		rest = next
	}
}

func checkWarnings(t *testing.T, s *exec.Session, text string) {
	t.Helper()
	stmt, _, err := s.Parse("SHOW WARNINGS")
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Run(context.Background(), stmt, nil)
	if err != nil {
		t.Fatal(err)
	}
	for row := range res.Rows.All {
		if at := leaks(row[2].String()); at != "" {
			t.Errorf("%s\na warning shows %q: %s", text, at, row[2])
		}
	}
}
