package sql

// Query is a SELECT that reads tables or counts over rows, or several SELECTs
// joined by UNION.
type Query struct {
	Parts   []QueryPart
	OrderBy []Order // of a single Select in its scope, else of the union's columns
	Limit   *Limit  // nil if not given
	// Text is the query as MySQL's grammar has it, for an engine that reads
	// it itself: in it a name stands for each location.
	Text     string
	Mode     Mode          // of Text
	Replaced []Replacement // in Text
	Files    []FileTable   // the locations
	Tables   []NamedTable  // all tables, those of Files included
	// Beyond names what there is in it that only an engine for files can do;
	// Parts then are not to be used. "" if there is nothing.
	Beyond string
	// Rows is what the server computes row by row, where an engine for files answers;
	// nil is nothing.
	Rows *RowItems
	// Found is set with SQL_CALC_FOUND_ROWS: FOUND_ROWS() then counts the rows without
	// Outer, which is the LIMIT of all.
	Found bool
	Outer *Limit
	plain
}

// Explain is EXPLAIN of a SELECT.
type Explain struct {
	Of     Statement // a Select or a Query
	Format string    // "TRADITIONAL", "JSON" or "TREE"
	// Analyze is EXPLAIN ANALYZE: the SELECT is run, and each step has its time.
	Analyze bool
	plain
}

// QueryPart is one operand of UNION. Exactly one of Select and Nested is there.
type QueryPart struct {
	All    bool // joined to what is before it by UNION ALL
	Select *QuerySelect
	Nested *Query // in parentheses, with an ORDER BY or LIMIT of its own
}

// QuerySelect is one SELECT of a Query.
type QuerySelect struct {
	Distinct bool
	Items    []QueryItem
	From     Table // nil if not given
	Where    Expr  // nil if not given
	GroupBy  []Order
	Having   Expr // nil if not given
}

// QueryItem is one column of a QuerySelect, or with Star all of From, or of
// that table.
type QueryItem struct {
	Star          bool
	Schema, Table string // of Star
	Expr          Expr
	Name          string // the alias, or the text as it was written
	Alias         bool   // Name is an alias
}

// Order is one expression of ORDER BY or GROUP BY, or the column at a
// position, counted from 1.
type Order struct {
	Expr     Expr
	Position int // 0 where there is an Expr
	Desc     bool
}

// Table is what stands behind FROM.
type Table interface{ table() }

// The tables.
type (
	// TableName is a table by name.
	TableName struct {
		Schema, Name string // Schema is "" if not given
		Alias        string // "" if not given
	}
	// Derived is a query in parentheses.
	Derived struct {
		Query *Query
		Alias string
	}
	// Join is two tables beside each other. A comma is an INNER join.
	Join struct {
		Kind        string // "INNER", "LEFT", "RIGHT"
		Left, Right Table
		On          Expr // nil if not given
		Using       []string
	}
)

func (TableName) table() {}
func (Derived) table()   {}
func (Join) table()      {}

type (
	// Aggregate is a function over the rows of a group: COUNT, SUM, MIN, MAX,
	// AVG, GROUP_CONCAT. COUNT(*) is COUNT(1).
	Aggregate struct {
		Name      string
		Distinct  bool
		Args      []Expr
		OrderBy   []Order // of GROUP_CONCAT
		Separator string  // of GROUP_CONCAT
	}
	// Subquery is a query in an expression.
	Subquery struct {
		Kind  string // "EXISTS", "IN", or "" where it stands for its one value
		X     Expr   // X IN (Query); nil otherwise
		Query *Query
	}
)

func (Aggregate) expr() {}
func (Subquery) expr()  {}
