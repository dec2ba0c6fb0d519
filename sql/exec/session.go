package exec

import (
	"context"
	"strings"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// Session is the state of one connection. It is used by one goroutine at a
// time. Rows that it returned are read to their end, or given up, before its
// next statement.
type Session struct {
	executor *Executor
	client   Client
	login    wharf.Principal // who logged in, with the roles of then

	memory    *Memory
	statement eval.Account // what the statement under way holds

	database                  string
	vars                      map[string]wharf.Value // session values that differ from the global ones
	inherited                 map[string]wharf.Value // the global values when the session began; never changed
	userVars                  map[string]eval.Datum
	userVarBytes              int64 // that these keep
	zone                      *time.Location
	mode                      sql.Mode // by which statements are read
	autocommit, inTransaction bool
	changed                   bool             // files were removed in the transaction that is open
	readOnly                  bool             // the transaction that is open is
	nextReadOnly              *bool            // what SET TRANSACTION said of the next one; nil if nothing
	savepoints                []string         // of the transaction that is open
	stmts                     map[string]*Stmt // by PREPARE, by their folded names

	warnings     []warning // of the last statement that was not itself a question about them
	warningBytes int64     // that these keep
	asked        bool      // the last statement was
	rowCount     int64     // what ROW_COUNT() says
	foundRows    uint64    // what FOUND_ROWS() says
	lastInsertID uint64    // what LAST_INSERT_ID() says
	questions    uint64
	slow         uint64            // statements that took longer than long_query_time
	commands     map[string]uint64 // statements by kind
	clock        time.Time         // what NOW() says, as SET timestamp set it; zero is the server's time

	// What follows is of the copy of a session in which a cursor's statement runs.
	opener    *Session   // whose copy it is; nil of a session itself
	allowance *allowance // what the statement may take
	worker    bool       // the statement has one of the engine for files

	// compiling is the compiler of a SELECT without a table, which is here so
	// that the most frequent statements need not allocate one.
	compiling eval.Compiler
}

// Stmt is one parsed statement of a session, ready to run any number of
// times. It never changes, and sessions share it.
type Stmt struct {
	parsed sql.Statement
	params int
	text   int64 // bytes
	tree   int64

	maxTime int64 // milliseconds, of a hint; 0 is none
}

// tokenBytes is about what a word or sign of a statement takes in memory, as
// it was read and as it is prepared to run.
const tokenBytes = 200

// Bytes is about how many bytes of memory it takes, as it was read and as it
// is made ready to run.
func (st *Stmt) Bytes() int64 { return st.text + st.tree }

// NewStmt returns a statement that was read already and has so many
// placeholders.
func NewStmt(parsed sql.Statement, params int) *Stmt {
	return &Stmt{parsed: parsed, params: params, text: int64(len(parsed.String()))}
}

// Statement is the statement as it was read.
func (st *Stmt) Statement() sql.Statement { return st.parsed }

// NumParams tells how many values Run needs.
func (st *Stmt) NumParams() int { return st.params }

// Refused tells that it is valid MySQL that Wharf does not do: Run will say so.
func (st *Stmt) Refused() bool {
	_, refused := st.parsed.(*sql.Unsupported)
	return refused
}

// Redacted is the statement in canonical form with its string values as '…',
// for process lists and logs.
func (st *Stmt) Redacted() string { return st.parsed.Redacted() }

// Action returns what kind of statement it is, one of about fifty.
func (st *Stmt) Action() string { return sql.Action(st.parsed) }

// Places returns the locations that it names. A table without a schema is a file
// of the database.
func (st *Stmt) Places(database string) []string { return sql.Places(st.parsed, database) }

// Parse reads the first statement of text and returns what follows it. The
// Stmt is nil where there are only blanks and comments.
func (s *Session) Parse(text string) (*Stmt, string, error) {
	if st := s.executor.statements.find(text, s.mode); st != nil {
		return st, "", nil
	}
	if len(text) <= maxCachedText {
		// What is remembered must not keep all of a long text that it is the
		// end of.
		text = strings.Clone(text)
	}
	parsed, rest, err := sql.ParseIn(s.mode, text)
	if err != nil {
		s.forgetWarnings()
		s.noteError(err)
		s.rowCount = -1
		return nil, rest, err
	}
	if parsed == nil {
		return nil, rest, nil
	}
	st := &Stmt{parsed: parsed, params: sql.NumParams(parsed), text: int64(len(text) - len(rest)), tree: tokenBytes * int64(sql.Tokens(s.mode, text)), maxTime: sql.MaxTime(s.mode, text)}
	if rest == "" {
		s.executor.statements.remember(text, s.mode, st)
	}
	return st, rest, nil
}

// Status tells the flags that go with every answer.
func (s *Session) Status() Status {
	return Status{Autocommit: s.autocommit, InTransaction: s.inTransaction}
}

// Charsets are the character sets of what the client sends and of what it wants
// to be sent; "" is no conversion.
func (s *Session) Charsets() (client, results string) {
	return s.Value("character_set_client").Str(), s.Value("character_set_results").Str()
}

// Database is the database in use, or "".
func (s *Session) Database() string { return s.database }

// WaitTimeout is how long the client may be silent before its connection ends.
func (s *Session) WaitTimeout() time.Duration {
	return time.Duration(s.variableValue(s.executor.variables["wait_timeout"], false).Int64()) * time.Second
}

// UseDatabase changes the database in use: a stage, or one of the server's own.
// An unknown one is wharf.CodeNotFound.
func (s *Session) UseDatabase(ctx context.Context, name string) error {
	found, err := s.findSchema(ctx, name)
	if err != nil {
		return err
	}
	s.database = strings.Clone(found.name) // name may be a piece of a long text
	s.setDatabaseText(found.charset())
	return nil
}

// setDatabaseText sets the variables that tell of the database in use.
func (s *Session) setDatabaseText(charset, collation string) {
	if s.vars == nil {
		s.vars = map[string]wharf.Value{}
	}
	s.vars["character_set_database"], s.vars["collation_database"] = wharf.Text(charset), wharf.Text(collation)
}

// Reset puts everything but the connection's identity back to how it was
// after login, as COM_RESET_CONNECTION asks. The database in use stays.
func (s *Session) Reset() {
	database := s.database
	charset, collation := s.Value("character_set_database").Str(), s.Value("collation_database").Str()
	s.start()
	if s.database = database; database != "" {
		s.setDatabaseText(charset, collation)
	}
}

// Memory is the bound of what the session holds. The listener takes from it
// too, for what it holds for the session.
func (s *Session) Memory() *Memory { return s.memory }

// Close ends the session. A transaction that is open ends with it.
func (s *Session) Close() { s.start() }

func (s *Session) start() {
	s.database = ""
	s.client.Principal = s.login
	s.vars, s.userVars = nil, nil
	s.setClientCollation()
	s.statement.ReturnTo(0)
	s.memory.Unkeep(s.userVarBytes)
	s.userVarBytes = 0
	for name := range s.stmts {
		_ = s.deallocate(name) // it is there
	}
	s.forgetWarnings()
	s.endTransaction()
	s.executor.locks.releaseAll(s.client.ID)
	s.rowCount, s.foundRows, s.lastInsertID, s.questions, s.slow, s.commands, s.clock = 0, 0, 0, 0, 0, nil, time.Time{}
	s.applyVariables()
}
