package sql

import (
	"context"
	"io"

	"wharf"
)

// Engine answers queries over sources. It is safe for concurrent use. sql/exec
// chooses one for a query by the query's sources.
//
// What is wrong with a query is the code and the number that MySQL has for it;
// what is valid MySQL that the engine cannot answer is wharf.CodeUnsupported. A
// query ends soon after its context, with wharf.CodeCanceled.
type Engine interface {
	// Columns returns the columns that Query would give, without running the
	// query. An engine for files may look into them.
	Columns(ctx context.Context, q Request) ([]wharf.Column, error)
	// Query runs a query. Its rows end with ctx, and hold what they need of the
	// engine until they are read to their end or given up: the caller ranges over
	// them once.
	Query(ctx context.Context, q Request) (*wharf.Rows, error)
}

// Bounder is an [Engine] with a bound of a query's time.
type Bounder interface {
	Engine
	// Bounded returns ctx with that bound, for what the caller computes of the rows.
	Bounded(ctx context.Context) (context.Context, context.CancelFunc)
}

// Unloader is an [Engine] that can write the rows of a query as files.
type Unloader interface {
	Engine
	// Unload writes the files, which the caller closes. What the engine cannot
	// write is wharf.CodeUnsupported.
	Unload(ctx context.Context, u Unload) (*Unloaded, error)
}

// Explainer is an [Engine] that tells how it answers a query.
type Explainer interface {
	Engine
	// Explain returns a line for each step, indented below the step that takes its
	// rows. With analyze, it runs the query, and each step has its time and rows.
	Explain(ctx context.Context, q Request, analyze bool) ([]string, error)
}

// WorkerStats are the workers of an engine for files.
type WorkerStats struct {
	Most    int // statements at once
	Running int // statements
	Waiting int // statements that wait for their turn
	Alive   int // processes, also those that are idle

	Started uint64 // processes
	Killed  uint64 // because their statement was to end
	Crashed uint64 // ended by themselves
	Refused uint64 // statements that got no turn in time
}

// Request is what an engine is asked.
type Request struct {
	Query *Query
	User  string // whose it is: an engine never mixes two users
	Super bool   // whose has SUPER: the limits that hold for one user do not hold
	Zone  string // the session's time zone
	// Unlimited leaves out the LIMIT of the whole query.
	Unlimited bool
	// Database is that in use; "" is none.
	Database string
	Args     []wharf.Value // of the placeholders; nil while only the columns are asked for
	// Expressions computes expressions in the session. State is what an engine
	// gives its workers, to compute them there.
	Expressions Expressions
	State       []byte
	// Warn takes a warning, by MySQL's number: about how the query is written, from
	// Query, and about values while the rows are read; nil drops it. It is called
	// from the goroutine that asks and reads.
	Warn func(number uint16, text string)
	// Resolve gives the source that a name in the query means. The schema is ""
	// where none was written.
	Resolve func(ctx context.Context, schema, name string) (Source, error)
}

// Source is what a name in a query means: rows that the server holds, or
// files. One of Relation and Files is there.
type Source struct {
	Name     string // as messages call it: @stage/path
	Relation *ServerTable
	Files    *FileSet
	Also     []*FileSet // files of other formats, which belong to the same table by their columns' names
}

// FileSet is files that are read as one table.
type FileSet struct {
	Files  []File
	Format wharf.FileFormat // has a Type
	// ByPlace names the columns of a CSV without PARSE_HEADER $1, $2 and so on,
	// all text; else names and types are found out.
	ByPlace bool
}

// File is one file of a FileSet.
type File struct {
	Key     wharf.Key
	Size    int64
	Version string // a file of another content has another one
	Open    func(ctx context.Context) (wharf.File, error)
	// Local opens it as a file of this machine; it returns nil where there is
	// none, and Open is to be used.
	Local func(ctx context.Context) (wharf.LocalFile, error)
}

// ServerTable is a table whose rows the server makes when they are asked for.
type ServerTable struct {
	Schema, Name string
	Columns      []wharf.Column
	// Each calls row for each row, which is valid until the next, and ends with
	// its error. It may leave out rows that are known not to be wanted.
	Each func(ctx context.Context, known Known, row func([]wharf.Value) error) error
}

// Known is what a query says of the rows that it wants of a table: by a column's
// name in upper case, the texts of which its value is one. Nothing is known of
// other columns.
type Known map[string][]string

// Unload asks an engine to write the rows of a query as files.
type Unload struct {
	Request
	Format      wharf.FileFormat // has a Type
	MaxFileSize uint64           // bytes, after which another file is begun; 0 is one file
	RowsOfEach  bool             // the rows of each file are wanted
}

// Unloaded is the files that an engine wrote. Close removes them.
type Unloaded struct {
	Rows      uint64
	ReadBytes uint64 // of the files that the query read
	Files     []UnloadedFile
	Close     func()
}

// UnloadedFile is one of them.
type UnloadedFile struct {
	Suffix string // what its name ends with: .parquet, .csv.gz
	Size   int64
	Rows   uint64 // where they were asked for
	Open   func() (io.ReadCloser, error)
}
