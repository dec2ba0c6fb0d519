package sql

import (
	"strconv"

	"wharf"
)

// What follows is the part of plain MySQL that a server is asked for by its
// clients, read by TiDB's parser and carried over into types of our own.

// plain is what these statements share.
type plain struct {
	text   string // as it was written, without comments
	mode   Mode   // by which it was read
	params int

	warnings []Warning // of its deprecated forms
}

// String gives the statement as it was written, without comments.
func (p plain) String() string { return p.text }

// Redacted gives it with every string as '…'.
func (p plain) Redacted() string { return p.mode.redact(p.text) }

// Select is a SELECT without a table (or FROM DUAL): one row of expressions.
type Select struct {
	Items []SelectItem
	Where Expr   // WHERE and HAVING, joined by AND; nil if not given
	Limit *Limit // nil if not given
	// Rewritten is it as MySQL's grammar has it, where that differs, and Replaced
	// what was replaced in it: see Query.
	Rewritten string
	Replaced  []Replacement
	plain
}

// Query is the SELECT for an engine that reads it itself, because of what is
// beyond the server.
func (s *Select) Query(beyond string) *Query {
	q := &Query{Text: s.Rewritten, Mode: s.mode, Replaced: s.Replaced, Limit: s.Limit, Beyond: beyond, plain: s.plain}
	if q.Text == "" {
		q.Text = s.text
	}
	return q
}

// SelectItem is one expression and its column's name: the alias, or the text
// as it was written.
type SelectItem struct {
	Expr Expr
	Name string
}

// Set is SET, with all of its assignments.
type Set struct {
	Assign []Assignment
	plain
}

// Assignment is one part of a SET.
type Assignment struct {
	Scope  Scope
	Name   string // lower case, users' variables too; "names", "character set" and "transaction" for these three forms
	Value  Expr   // nil for DEFAULT; a bare word (ON, utf8mb4) is a string Literal
	IsUser bool   // @name
	// Query gives the value where that reads tables. Value is there too where the
	// server can compute it.
	Query *Query

	// Collation is that of SET NAMES … COLLATE, "" if not given.
	Collation string
	// Next is SET TRANSACTION without a scope: for the next transaction
	// only. The Value of SET TRANSACTION is a string Literal: the isolation
	// level as the variable has it ("READ-COMMITTED"), or "READ ONLY" or
	// "READ WRITE".
	Next bool
}

// Scope says whose variable is meant.
type Scope uint8

// The scopes of a variable.
const (
	ScopeSession Scope = iota // also when none was written
	ScopeGlobal
)

// Show is SHOW of something that is not a stage's: What is in upper case
// ("VARIABLES", "STATUS", "WARNINGS", "ERRORS", "DATABASES", "TABLES", "TABLE
// STATUS", "COLUMNS", "COLLATION", "CHARACTER SET", "ENGINES", "PLUGINS",
// "PRIVILEGES", "GRANTS", "PROCESSLIST", …).
type Show struct {
	What   string
	Full   bool
	Global bool
	Like   *string
	Where  Expr   // SHOW … WHERE, over the result's columns; nil if not given
	On     string // FROM or IN what, "" if not given
	// Database is that of On where On is a table and its database is given.
	Database string
	Limit    *Limit // of SHOW WARNINGS and ERRORS; nil if not given
	// Of and Using are the user and the roles of SHOW GRANTS; Of is nil for the
	// user who asks.
	Of    *AccountName
	Using []AccountName
	plain
}

// Limit is LIMIT [offset,] count. Where a placeholder stands for one of them,
// its Param is the placeholder's number, counted from 1.
type Limit struct {
	Offset, Count           uint64
	OffsetParam, CountParam int
}

// Bind returns the limit with the values of its placeholders, or as it is where
// args are nil because they are not known yet. A value that is no number from
// 0 on is [wharf.CodeInvalid].
func (l *Limit) Bind(args []wharf.Value) (*Limit, error) {
	if l == nil || args == nil || l.OffsetParam == 0 && l.CountParam == 0 {
		return l, nil
	}
	bound := *l
	for param, to := range map[int]*uint64{l.OffsetParam: &bound.Offset, l.CountParam: &bound.Count} {
		if param == 0 {
			continue
		}
		n, err := strconv.ParseUint(args[param-1].String(), 10, 64)
		if err != nil || args[param-1].IsNull() {
			return nil, wharf.Errorf(wharf.CodeInvalid, "Incorrect arguments to LIMIT: the value of placeholder %d is not a whole number from 0 on", param)
		}
		*to = n
	}
	return &bound, nil
}

// Limited returns those of some rows that a LIMIT shows; nil shows all.
func Limited[T any](rows []T, l *Limit) []T {
	if l == nil {
		return rows
	}
	n := uint64(len(rows))
	from := min(l.Offset, n)
	return rows[from : from+min(l.Count, n-from)]
}

// Use is USE database.
type Use struct {
	Database string
	plain
}

// Transaction is BEGIN, START TRANSACTION, COMMIT or ROLLBACK.
type Transaction struct {
	Verb    string // "BEGIN", "COMMIT", "ROLLBACK"
	Access  string // of BEGIN: "READ ONLY", "READ WRITE", or "" if not given
	Chain   Choice // AND CHAIN: begin the next at once
	Release Choice // RELEASE: end the connection
	plain
}

// Choice is a clause that may be given, or refused by NO.
type Choice uint8

// The choices.
const (
	Unsaid Choice = iota
	Yes
	No
)

// Kill is KILL [CONNECTION | QUERY] id.
type Kill struct {
	ID    uint64
	Expr  Expr // where the ID is no number but a function; nil otherwise
	Query bool // the statement only, not its connection
	plain
}

// Do is DO expr, …: evaluated, with no result.
type Do struct {
	Exprs []Expr
	plain
}

// Unsupported is a valid statement of MySQL that Wharf does not do.
type Unsupported struct {
	Name    string // "CREATE TABLE", "INSERT", …
	Instead string // what does the same here; "" if nothing does
	plain
}

// Redacted gives its first word alone where it may hold a key, and where it is
// too long to tell: most of these were not read, so that it is not known what
// is a string in them.
func (u *Unsupported) Redacted() string {
	if len(u.text) > maxSearched || mayHoldKey(u.text) {
		return firstRunes(u.text, wordLen(u.text)) + " …"
	}
	return u.plain.Redacted()
}

// Expr is an expression of constants, variables and functions.
type Expr interface{ expr() }

// The expressions.
type (
	// Literal is a constant.
	Literal struct {
		Kind LiteralKind
		Text string // as text, also of numbers; "" for NULL
	}
	// SysVar is @@[scope.]name; the name is in lower case.
	SysVar struct {
		Scope    Scope
		Explicit bool // a scope was written
		Name     string
	}
	// UserVar is @name; the name is in lower case.
	UserVar struct{ Name string }
	// Assign is @name := x; the name is in lower case.
	Assign struct {
		Name string
		X    Expr
	}
	// Column is a column, as in SHOW … WHERE Variable_name = 'x'. Schema and
	// Table are "" where they were not written.
	Column struct{ Schema, Table, Name string }
	// Param is a '?', counted from 0.
	Param struct{ Index int }
	// Call is a function of that name, in upper case; operators that have no
	// type of their own are calls too: "LIKE" (an ESCAPE as a third
	// argument), "DATE LITERAL" and "TIMESTAMP LITERAL", "IN", "IS NULL", "IS TRUE", "IS FALSE", "BETWEEN", "REGEXP",
	// "CASE" (conditions and results by turns, then the ELSE if there is
	// one; CASE x WHEN y is the condition x = y, with x as [OnceOf] gives it), "CAST" (the type as a
	// Literal, last), "COLLATE" (likewise), "ROW". Key words among the
	// arguments (INTERVAL's DAY, TRIM's LEADING) are string Literals.
	Call struct {
		Name string
		Args []Expr
	}
	// Unary is -x, +x, NOT x, ~x.
	Unary struct {
		Op string
		X  Expr
	}
	// Binary is x op y; Op in upper case: + - * / % DIV = <=> <> < <= > >=
	// AND OR XOR & | ^ << >>.
	Binary struct {
		Op   string
		X, Y Expr
	}
)

// LiteralKind is the kind of a Literal.
type LiteralKind uint8

// The kinds of a Literal.
const (
	NullLiteral LiteralKind = iota
	IntLiteral
	BoolLiteral // TRUE and FALSE, which are 1 and 0
	UintLiteral
	DecimalLiteral
	FloatLiteral
	StringLiteral
	BytesLiteral // _binary'…'
	HexLiteral   // x'…', 0x…, b'…': bytes, or beside a number the number that they write
)

func (Literal) expr() {}
func (SysVar) expr()  {}
func (UserVar) expr() {}
func (Assign) expr()  {}
func (Column) expr()  {}
func (Param) expr()   {}
func (Call) expr()    {}
func (Unary) expr()   {}
func (Binary) expr()  {}
