package exec_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wharf"
	"wharf/sql/exec"
	"wharf/sql/rowexec"
	"wharf/storage/memory"
	"wharf/storage/storagetest"
)

// faultyOpener opens stores in memory behind a Faulty each.
type faultyOpener struct {
	*memory.Opener
	change func(*storagetest.Faulty)
}

func (o faultyOpener) Open(ctx context.Context, s *wharf.Stage) (wharf.Store, error) {
	store, err := o.Opener.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	faulty := &storagetest.Faulty{Store: store}
	o.change(faulty)
	return faulty, nil
}

func newFaultyHarness(t *testing.T, change func(*storagetest.Faulty)) *harness {
	h := &harness{listener: &listener{}, sessions: map[string]*exec.Session{}}
	h.service = wharf.NewService(wharf.ServiceOptions{Catalog: newCatalog(), Opener: faultyOpener{memory.NewOpener(), change}})
	h.executor = exec.New(exec.Options{Relations: rowexec.Engine{}, Service: h.service})
	return h
}

func TestListFailsInTheMiddle(t *testing.T) {
	h := newFaultyHarness(t, func(f *storagetest.Faulty) {
		f.AfterList = func(context.Context) error { return wharf.Errorf(wharf.CodeUpstream, "the bucket went away") }
	})
	s := h.session("main")
	must(t, s, "CREATE STAGE s")
	h.put(t, "s", []string{"a", "b"})
	rows, err := query(t, s, "LIST @s")
	if len(rows) != 2 || wharf.CodeOf(err) != wharf.CodeUpstream {
		t.Fatalf("%v, %v", rows, err)
	}
	if kept := must(t, s, "SHOW ERRORS"); len(kept) != 1 || kept[0][2] != "the bucket went away" {
		t.Fatalf("SHOW ERRORS: %v", kept)
	}
}

func TestRemoveFails(t *testing.T) {
	h := newFaultyHarness(t, func(f *storagetest.Faulty) {
		f.BeforeDelete = func(context.Context, []wharf.Key) error { return wharf.Errorf(wharf.CodeDenied, "read only") }
	})
	s := h.session("main")
	must(t, s, "CREATE STAGE s")
	h.put(t, "s", []string{"a", "b/c"})
	for _, text := range []string{"REMOVE @s/a", "REMOVE @s/b/", "REMOVE @s PATTERN = '.*'"} {
		if rows, err := query(t, s, text); len(rows) != 0 || wharf.CodeOf(err) != wharf.CodeDenied {
			t.Errorf("%s: %v, %v", text, rows, err)
		}
	}
	if left := must(t, s, "LIST @s"); len(left) != 2 {
		t.Fatalf("left: %v", left)
	}
}

// TestMaxExecutionTime ends a LIST that hangs, and a SELECT that sleeps, and
// nothing else.
func TestMaxExecutionTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newFaultyHarness(t, func(f *storagetest.Faulty) {
			f.BeforeObject = func(ctx context.Context, o wharf.Object) error {
				if o.Key == "slow" {
					<-ctx.Done()
				}
				return ctx.Err()
			}
		})
		s := h.session("main")
		must(t, s, "CREATE STAGE s")
		h.put(t, "s", []string{"fast", "slow"})
		must(t, s, "SET max_execution_time = 1500")
		for _, text := range []string{"LIST @s", "SELECT SLEEP(60)"} {
			start := time.Now()
			_, err := query(t, s, text)
			if wharf.CodeOf(err) != wharf.CodeTimeout || !strings.Contains(wharf.MessageOf(err), "maximum statement execution time") {
				t.Errorf("%s: %v", text, err)
			}
			if took := time.Since(start); took != 1500*time.Millisecond {
				t.Errorf("%s ended after %s", text, took)
			}
		}
		must(t, s, "DO SLEEP(5)")
		until := func() time.Time {
			st, _, err := s.Parse("SELECT 1")
			if err != nil {
				t.Fatal(err)
			}
			res, err := s.Run(context.Background(), st, nil)
			if err != nil {
				t.Fatal(err)
			}
			for range res.Rows.All {
			}
			return res.Until
		}
		if want := time.Now().Add(1500 * time.Millisecond); !until().Equal(want) {
			t.Errorf("rows do not end at %s", want)
		}
		must(t, s, "SET max_execution_time = 0")
		if !until().IsZero() {
			t.Error("rows end without max_execution_time")
		}
		must(t, s, "SELECT SLEEP(10)")
	})
}

// TestCancel ends what runs when its connection is killed.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHarness(t).session("main")
		for _, text := range []string{"SELECT SLEEP(1000)", "DO SLEEP(1000)", "SET @a = SLEEP(1000)", "SELECT 1 WHERE SLEEP(1000)"} {
			stmt, _, err := s.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			_, err = s.Run(ctx, stmt, nil)
			if wharf.CodeOf(err) != wharf.CodeCanceled || time.Since(start) != time.Second {
				t.Errorf("%s: %v after %s", text, err, time.Since(start))
			}
		}
		if got := must(t, s, "SELECT @a IS NULL"); got[0][0] != "1" {
			t.Error("a SET that was killed took effect")
		}
	})
}

// TestCanceledList ends with its context, however its store takes it.
func TestCanceledList(t *testing.T) {
	h := newHarness(t)
	s := h.session("main")
	must(t, s, "CREATE STAGE s")
	keys := make([]string, 5000)
	for i := range keys {
		keys[i] = fmt.Sprintf("%05d", i)
	}
	h.put(t, "s", keys)
	stmt, _, _ := s.Parse("LIST @s")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	res, err := s.Run(ctx, stmt, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, rowErr := range res.Rows.All {
		if err = rowErr; err != nil {
			break
		}
		if rows++; rows == 10 {
			cancel()
		}
	}
	if wharf.CodeOf(err) != wharf.CodeCanceled || rows > 2000 {
		t.Fatalf("%d rows, %v", rows, err)
	}
}

func TestArgumentsMustMatch(t *testing.T) {
	s := newHarness(t).session("main")
	stmt, _, err := s.Parse("SELECT ?, ?")
	if err != nil || stmt.NumParams() != 2 {
		t.Fatalf("%v", err)
	}
	for _, args := range [][]wharf.Value{nil, {wharf.Int(1)}, make([]wharf.Value, 3)} {
		if _, err := s.Run(t.Context(), stmt, args); wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("%d values: %v", len(args), err)
		}
	}
	if columns, err := s.Columns(t.Context(), stmt); err != nil || len(columns) != 2 || columns[0].Name != "?" {
		t.Errorf("columns %v", columns)
	}
}

// TestArgumentsKeepTheirTypes runs one statement with values of each kind.
func TestArgumentsKeepTheirTypes(t *testing.T) {
	s := newHarness(t).session("main")
	stmt, _, err := s.Parse("SELECT ?")
	if err != nil {
		t.Fatal(err)
	}
	for want, v := range map[wharf.Type]wharf.Value{
		wharf.TypeInt: wharf.Int(-1), wharf.TypeUint: wharf.Uint(1 << 63), wharf.TypeFloat: wharf.Float(0.5),
		wharf.TypeString: wharf.Text("x"), wharf.TypeNull: wharf.Null(),
	} {
		res, err := s.Run(t.Context(), stmt, []wharf.Value{v})
		if err != nil || res.Rows.Columns[0].Type != want {
			t.Fatalf("%v: %+v, %v", v, res.Rows, err)
		}
		for row, err := range res.Rows.All {
			if err != nil || row[0] != v {
				t.Errorf("%v came back as %v, %v", v, row[0], err)
			}
		}
	}
}

func TestKillAndProcesses(t *testing.T) {
	h := newHarness(t)
	s := h.session("main")
	h.listener.processes = []exec.Process{
		{ID: 7, User: "root", Host: "127.0.0.1:5", DB: "default", Command: "Query", Since: now().Add(-90 * time.Second), Info: strings.Repeat("ä", 150)},
		{ID: 8, User: "root", Host: "::1", Command: "Sleep", Since: now().Add(time.Hour)},
	}
	long := must(t, s, "SHOW FULL PROCESSLIST")
	short := must(t, s, "SHOW PROCESSLIST")
	if len(long) != 2 || long[0][5] != "90" || len([]rune(long[0][7])) != 150 || len([]rune(short[0][7])) != 100 {
		t.Fatalf("%v\n%v", long, short)
	}
	if got := strings.Join(long[1], " "); got != "8 root ::1 NULL Sleep 0  NULL" {
		t.Fatalf("%q", got)
	}
	if got := must(t, s, "SHOW STATUS LIKE 'Threads_running'"); got[0][1] != "1" {
		t.Fatalf("%v", got)
	}
	must(t, s, "KILL 8")
	must(t, s, "KILL QUERY CONNECTION_ID()")
	if got := strings.Join(h.listener.killed, ", "); got != "8 false, 7 true" {
		t.Fatalf("killed %q", got)
	}
	if _, err := query(t, s, "KILL 101"); wharf.CodeOf(err) != wharf.CodeNotFound {
		t.Fatal(err)
	}
}

// TestCreateTextReadsBack runs what SHOW CREATE STAGE prints: the same stage
// comes of it, but for the secrets.
func TestCreateTextReadsBack(t *testing.T) {
	s := newHarness(t).session("main")
	for _, definition := range []string{
		"", "COMMENT = 'it''s \\\\ \"x\"\n'", "FILE_FORMAT = (TYPE = CSV FIELD_DELIMITER = '\\t' RECORD_DELIMITER = '\\r\\n' ESCAPE = '\\\\' QUOTE = '''' NULL_DISPLAY = '\\\\N')",
		"FILE_FORMAT = (TYPE = NDJSON NULL_IF = ('a''b', '', 'NULL')) COPY_OPTIONS = (SIZE_LIMIT = 5 ON_ERROR = ABORT_3)",
		"'s3://b/p/' CONNECTION = (region = 'x-1' endpoint_url = 'http://h:1' aws_key_id = 'k' aws_secret_key = 'topsecret')",
	} {
		must(t, s, "CREATE OR REPLACE STAGE `a-b` "+definition)
		first := must(t, s, "SHOW CREATE STAGE `a-b`")[0][1]
		must(t, s, strings.Replace(first, "CREATE STAGE", "CREATE OR REPLACE STAGE", 1))
		second := must(t, s, "SHOW CREATE STAGE `a-b`")[0][1]
		if without, _, _ := strings.Cut(first, " /*"); second != without {
			t.Errorf("%s\nbecame\n%s", first, second)
		}
		if strings.Contains(first, "topsecret") {
			t.Errorf("a secret shows in %s", first)
		}
	}
}

// TestNoSecretInAnyAnswer makes stages with secrets, rightly and wrongly, and
// looks for them in every answer.
func TestNoSecretInAnyAnswer(t *testing.T) {
	const secret = "wJalrXUtnFEMI"
	s := newHarness(t).session("main")
	must(t, s, "CREATE STAGE s 's3://b/' CONNECTION = (access_key_id = '"+secret+"', secret_access_key = '"+secret+"', session_token = '"+secret+"', role_arn = 'arn:x', external_id = '"+secret+"')")
	for _, text := range []string{
		"DESC STAGE s", "SHOW STAGES", "SHOW CREATE STAGE s", "SHOW WARNINGS",
		"CREATE STAGE s 's3://b/' CONNECTION = (access_key_id = '" + secret + "', secret_access_key = '" + secret + "')",
		"CREATE STAGE t 's3://b/' CONNECTION = (secret_access_key = '" + secret + "')",
		"CREATE STAGE t 's3://b/' CONNECTION = (endpoint_url = '" + secret + "')",
		"CREATE STAGE t 's3://b/' CONNECTION = (region = '" + secret + " ')",
		"CREATE STAGE t 's3://b/' CONNECTION = (secret_acess_key = '" + secret + "')",
		"CREATE STAGE t 's3://b/' CONNECTION = (connection_name = '" + secret + "')",
		"CREATE STAGE t 's3://b/' CONNECTION = (access_key_id = '" + secret + "', secret_access_key = '" + secret + "') NONSENSE",
		"CREATE CONNECTION c STORAGE_TYPE = 's3' access_key_id = '" + secret + "' secret_access_key = '" + secret + "'",
		"DESC CONNECTION c", "SHOW CONNECTIONS",
		"CREATE CONNECTION c STORAGE_TYPE = 's3' access_key_id = '" + secret + "' secret_access_key = '" + secret + "'",
		"CREATE CONNECTION d STORAGE_TYPE = '" + secret + "'",
		"CREATE CONNECTION d STORAGE_TYPE = 's3' secret_acess_key = '" + secret + "'",
		"CREATE CONNECTION d STORAGE_TYPE = 's3' access_key_id = '" + secret + "' NONSENSE",
		"ALTER STAGE s SET CONNECTION = (connection_name = 'c')", "DESC STAGE s",
		"ALTER STAGE s SET CONNECTION = (access_key_id = '" + secret + "')",
		"ALTER STAGE nobody SET CONNECTION = (access_key_id = '" + secret + "', secret_access_key = '" + secret + "')",
		"ALTER STAGE s SET CONNECTION = (access_key_id = '" + secret + "') NONSENSE",
	} {
		rows, err := query(t, s, text)
		if all := fmt.Sprint(rows, err, must(t, s, "SHOW WARNINGS")); strings.Contains(all, secret) {
			t.Errorf("%s: %s", text, all)
		}
	}
}

// TestErrorsWithoutACode: what a store lets through is shown as internal, and
// its text stays here.
func TestErrorsWithoutACode(t *testing.T) {
	h := newFaultyHarness(t, func(f *storagetest.Faulty) {
		f.BeforeObject = func(context.Context, wharf.Object) error { return errors.New("/srv/data: broken") }
	})
	s := h.session("main")
	must(t, s, "CREATE STAGE s")
	h.put(t, "s", []string{"a"})
	_, err := query(t, s, "LIST @s")
	shown := fmt.Sprint(must(t, s, "SHOW WARNINGS"))
	if wharf.CodeOf(err) != wharf.CodeInternal || strings.Contains(shown, "/srv") || strings.Contains(wharf.MessageOf(err), "/srv") {
		t.Fatalf("%v, %s", err, shown)
	}
}

func TestWaitTimeout(t *testing.T) {
	h := newHarness(t)
	s := h.session("main")
	if got := s.WaitTimeout(); got != 8*time.Hour {
		t.Errorf("%v at first", got)
	}
	must(t, s, "SET wait_timeout = 5")
	if got := s.WaitTimeout(); got != 5*time.Second {
		t.Errorf("%v after SET wait_timeout = 5", got)
	}
	must(t, s, "SET GLOBAL wait_timeout = 7")
	if got := h.session("later").WaitTimeout(); got != 7*time.Second {
		t.Errorf("%v in a session after SET GLOBAL wait_timeout = 7", got)
	}
	if s.Reset(); s.WaitTimeout() != 7*time.Second {
		t.Errorf("%v after a reset", s.WaitTimeout())
	}
}

// TestMessagesAreShort shows that no error repeats all of a long name or
// value.
func TestMessagesAreShort(t *testing.T) {
	s := newHarness(t).session("main")
	must(t, s, "CREATE STAGE s")
	for _, text := range []string{
		"SELECT @@LONG", "SELECT LONG(1)", "SET LONG = 1", "SET @@session.LONG = 1", "USE LONG", "LONG", "SHOW LONG", "SHOW CREATE LONG",
		"SELECT COALESCE()LONG", "SELECT 'a' COLLATE LONG", "SET NAMES LONG", "SET NAMES utf8mb4 COLLATE LONG", "SET time_zone = 'LONG'",
		"SET sql_mode = 'LONG'", "SET max_execution_time = 'LONG'", "SELECT 'a' LIKE 'b' ESCAPE 'LONG'", "SELECT 'a' REGEXP '(LONG'",
		"SELECT DATE 'LONG'", "SHOW COLUMNS FROM LONG", "SHOW GRANTS FOR LONG", "SHOW TABLES FROM LONG",
		"CREATE STAGE LONG", "CREATE STAGE t LONG", "CREATE STAGE t URL = 'LONG'", "CREATE STAGE t URL = 's3://LONG/'", "CREATE STAGE t URL = 'LONG://x/'",
		"CREATE STAGE t COMMENT = 'LONG'", "CREATE STAGE t FILE_FORMAT = (LONG = 1)", "CREATE STAGE t FILE_FORMAT = (LONG = 1 LONG = 1)",
		"CREATE STAGE t FILE_FORMAT = (TYPE = LONG)", "CREATE STAGE t FILE_FORMAT = 'LONG'", "CREATE STAGE t COPY_OPTIONS = (LONG = 1)",
		"CREATE STAGE t COPY_OPTIONS = (PURGE = 'LONG')", "CREATE CONNECTION c LONG = 1", "CREATE CONNECTION c STORAGE_TYPE = LONG",
		"CREATE CONNECTION c STORAGE_TYPE = s3 LONG = 1", "DROP STAGE LONG", "DESC STAGE LONG", "ALTER STAGE s RENAME TO LONG", "ALTER STAGE s LONG",
		"LIST LONG", "LIST @LONG", "LIST @`LONG`", "REMOVE @s/LONG", "PRESIGN @s/LONG", "PRESIGN @s/a LONG", "PRESIGN @s/a EXPIRE = LONG",
		"COPY FILES INTO @s/LONG/ FROM @s", "SHOW STAGES WHERE @@LONG", "DROP FILE FORMAT LONG", "DROP CONNECTION LONG",
	} {
		_, err := query(t, s, strings.ReplaceAll(text, "LONG", strings.Repeat("x", 30_000)))
		if n := len(wharf.MessageOf(err)); n > 1500 {
			t.Errorf("%s: a message of %d bytes: %.100s", text, n, wharf.MessageOf(err))
		}
	}
}
