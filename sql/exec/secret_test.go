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

var secretValues = []string{"AKIAX77PDEF", "wJalrXUtnFEMI/bPx==", "wJalr;XUtnFEMI", "FQoGZXIvYXdz"}

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
