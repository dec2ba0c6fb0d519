package exec_test

import (
	"context"
	"testing"

	"wharf"
	"wharf/meta/memory"
	"wharf/sql"
	"wharf/sql/exec"
	"wharf/sql/rowexec"
	stores "wharf/storage/memory"
)

// worker is an engine for files that counts what it is asked to begin.
type worker struct{ begun int }

func (w *worker) Columns(context.Context, sql.Request) ([]wharf.Column, error) {
	w.begun++
	return []wharf.Column{{Name: "x"}}, nil
}

func (w *worker) Query(context.Context, sql.Request) (*wharf.Rows, error) {
	w.begun++
	return &wharf.Rows{Columns: []wharf.Column{{Name: "x"}}, All: func(func([]wharf.Value, error) bool) {}}, nil
}

func (w *worker) Unload(context.Context, sql.Unload) (*sql.Unloaded, error) {
	w.begun++
	return &sql.Unloaded{Close: func() {}}, nil
}

func (w *worker) Explain(context.Context, sql.Request, bool) ([]string, error) {
	w.begun++
	return nil, nil
}

// TestNoWorkBeforePrivileges: a query that its user may not run, or not unload, starts
// no worker, whichever of its stages it is refused for.
func TestNoWorkBeforePrivileges(t *testing.T) {
	catalog, files := memory.New(), &worker{}
	h := &harness{listener: &listener{}, sessions: map[string]*exec.Session{}}
	h.service = wharf.NewService(wharf.ServiceOptions{Catalog: catalog, Users: catalog, Hasher: plainHasher{}, Opener: stores.NewOpener()})
	h.executor = exec.New(exec.Options{Relations: rowexec.Engine{}, Files: files, Service: h.service})
	root := h.session("main")
	for _, text := range []string{"CREATE STAGE readable", "CREATE STAGE writable", "CREATE STAGE hidden", "CREATE USER ann IDENTIFIED BY 'p'",
		"GRANT READ ON STAGE readable TO ann", "GRANT WRITE ON STAGE writable TO ann"} {
		must(t, root, text)
	}
	for _, stage := range []string{"readable", "writable", "hidden"} {
		h.put(t, stage, []string{"a.csv"})
	}
	ann := h.sessionOf(t, catalog, "ann")
	for text, want := range map[string]wharf.Code{
		"SELECT * FROM @readable/a.csv":                                       "",
		"SELECT * FROM readable.`a.csv`":                                      "",
		"COPY INTO @writable/x FROM (SELECT * FROM @readable/a.csv)":          "",
		"COPY INTO @writable/x FROM @readable/a.csv OVERWRITE = TRUE":         "",
		"SELECT * FROM @readable/a.csv a, @writable/a.csv b":                  wharf.CodeDenied,
		"SELECT * FROM readable.`a.csv` a, writable.`a.csv` b":                wharf.CodeDenied,
		"SELECT * FROM @readable/a.csv a, @hidden/a.csv b":                    wharf.CodeNotFound,
		"SELECT * FROM readable.`a.csv` a, hidden.`a.csv` b":                  wharf.CodeNotFound,
		"EXPLAIN FORMAT = TREE SELECT * FROM @writable/a.csv":                 wharf.CodeDenied,
		"EXPLAIN ANALYZE SELECT * FROM writable.`a.csv`":                      wharf.CodeDenied,
		"SELECT * FROM INFER_SCHEMA(LOCATION => '@writable/a.csv')":           wharf.CodeDenied,
		"COPY INTO @readable/x FROM (SELECT * FROM @readable/a.csv)":          wharf.CodeDenied,
		"COPY INTO @hidden/x FROM (SELECT * FROM @readable/a.csv)":            wharf.CodeNotFound,
		"COPY INTO @writable/x FROM (SELECT * FROM @writable/a.csv)":          wharf.CodeDenied,
		"COPY INTO @writable/x FROM (SELECT * FROM @readable, @hidden/a.csv)": wharf.CodeNotFound,
	} {
		files.begun = 0
		_, err := query(t, ann, text)
		if wharf.CodeOf(err) != want || (files.begun > 0) != (want == "") {
			t.Errorf("%s: %v, and %d times work was begun; want %q", text, err, files.begun, want)
		}
		stmt, _, parseErr := ann.Parse(text)
		if parseErr != nil {
			t.Fatal(parseErr)
		}
		files.begun = 0
		if _, err := ann.Columns(t.Context(), stmt); want != "" && files.begun > 0 {
			t.Errorf("the columns of %s: %v, and %d times work was begun", text, err, files.begun)
		}
	}
}

// plainHasher keeps passwords as they are.
type plainHasher struct{}

func (plainHasher) Hash(_, plain string) (wharf.Secret, error) { return wharf.NewSecret(plain), nil }
func (plainHasher) CheckHash(string, string) error             { return nil }
func (plainHasher) Matches(_ string, hash wharf.Secret, plain string) bool {
	return hash.Reveal() == plain
}

// sessionOf opens a session of a user.
func (h *harness) sessionOf(t *testing.T, catalog wharf.UserCatalog, name string) *exec.Session {
	t.Helper()
	users, err := catalog.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	user, ok := users.ByAccount(wharf.Account{User: name, Host: "%"})
	if !ok {
		t.Fatalf("there is no user %s", name)
	}
	s := h.executor.NewSession(exec.Client{ID: 99, Principal: user.Principal(), Host: "127.0.0.1", Sessions: h.listener})
	h.sessions[name] = s
	return s
}

// TestStatusIsOnesOwn: the counters of the server are for users with SUPER.
func TestStatusIsOnesOwn(t *testing.T) {
	catalog := memory.New()
	h := &harness{listener: &listener{}, sessions: map[string]*exec.Session{}}
	h.service = wharf.NewService(wharf.ServiceOptions{Catalog: catalog, Users: catalog, Hasher: plainHasher{}, Opener: stores.NewOpener()})
	h.executor = exec.New(exec.Options{Relations: rowexec.Engine{}, Service: h.service})
	root := h.session("main")
	must(t, root, "CREATE USER ann IDENTIFIED BY 'p'")
	for range 50 {
		must(t, root, "DO 1")
	}
	ann := h.sessionOf(t, catalog, "ann")
	must(t, ann, "DO 1")
	status := func(s *exec.Session, name string) string {
		t.Helper()
		rows := must(t, s, "SHOW GLOBAL STATUS LIKE '"+name+"'")
		if len(rows) != 1 {
			t.Fatalf("%s: %q", name, rows)
		}
		return rows[0][1]
	}
	if got := status(root, "Com_do"); got != "51" {
		t.Errorf("root sees Com_do %s", got)
	}
	for name, want := range map[string]string{"Com_do": "1", "Questions": "3", "Queries": "4", "Com_create_user": "0", "Threads_connected": "0", "Prepared_stmt_count": "0"} {
		if got := status(ann, name); got != want && name[0] != 'Q' || len(got) > 1 {
			t.Errorf("another user sees %s %s, want %s", name, got, want)
		}
	}
}
