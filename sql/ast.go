package sql

// Statement is one parsed statement. String prints it in canonical form,
// without a final ';'; Redacted prints the same with every string value as
// '…', for logs and process lists.
type Statement interface {
	String() string
	Redacted() string
}

// Location is a stage location as it was written, without its '@' and
// unquoted: "s", "s/", "s/path". It is checked for meaning by
// wharf.ParseLocation.
type Location string

// Option is one NAME = value inside parentheses or after a statement. Name
// is in upper case.
type Option struct {
	Name  string
	Value OptionValue
}

// OptionValue is the right side of an option.
type OptionValue struct {
	Kind OptionKind
	Text string   // of a word (as written), a number, a string (unquoted)
	List []string // of a list of strings
}

// OptionKind is how an option's value was written.
type OptionKind uint8

// The kinds of an OptionValue.
const (
	Word   OptionKind = iota // CSV, TRUE, NONE
	Number                   // 1, 0.5
	String                   // 'text'
	List                     // ('a', 'b')
)

// CreateStage is CREATE [OR REPLACE] STAGE [IF NOT EXISTS] name ….
type CreateStage struct {
	OrReplace, IfNotExists bool
	Name                   string
	URL                    *string  // nil for an internal stage
	Connection             []Option // CONNECTION = (…) or CREDENTIALS = (…), in order, names as written but in upper case
	FileFormat             []Option
	CopyOptions            []Option
	Comment                *string
}

// AlterStage is ALTER STAGE [IF EXISTS] name SET … | UNSET … | RENAME TO ….
// Exactly one of the three is there.
type AlterStage struct {
	IfExists bool
	Name     string
	Set      *StageSettings
	Unset    []string // FILE_FORMAT, COPY_OPTIONS, COMMENT
	RenameTo string
}

// StageSettings is what ALTER STAGE … SET changes; nil fields stay.
type StageSettings struct {
	URL         *string
	Connection  []Option
	FileFormat  []Option
	CopyOptions []Option
	Comment     *string
}

// DropStage is DROP STAGE [IF EXISTS] name.
type DropStage struct {
	IfExists bool
	Name     string
}

// DescStage is DESC | DESCRIBE STAGE name.
type DescStage struct{ Name string }

// ShowStages is SHOW STAGES [LIKE '…' | WHERE …].
type ShowStages struct{ Filter }

// ShowCreateStage is SHOW CREATE STAGE name.
type ShowCreateStage struct{ Name string }

// ListFiles is LIST [FULL] @location [PATTERN = '…'].
type ListFiles struct {
	Full     bool
	Location Location
	Pattern  string
}

// RemoveFiles is REMOVE @location [PATTERN = '…'].
type RemoveFiles struct {
	Location Location
	Pattern  string
}

// CopyFiles is COPY FILES INTO @to FROM @from [PATTERN = '…'].
type CopyFiles struct {
	To, From Location
	Pattern  string
}

// Presign is PRESIGN [DOWNLOAD|UPLOAD] @location [EXPIRE = n] [CONTENT_TYPE = '…'].
type Presign struct {
	Upload      bool
	Location    Location
	Expire      uint64 // seconds; 0 when not given
	ContentType string
}

// CreateConnection is CREATE [OR REPLACE] CONNECTION [IF NOT EXISTS] name
// STORAGE_TYPE = 's3' k = 'v' ….
type CreateConnection struct {
	OrReplace, IfNotExists bool
	Name                   string
	Options                []Option // STORAGE_TYPE among them
}

// DropConnection is DROP CONNECTION [IF EXISTS] name.
type DropConnection struct {
	IfExists bool
	Name     string
}

// DescConnection is DESC CONNECTION name.
type DescConnection struct{ Name string }

// ShowConnections is SHOW CONNECTIONS [LIKE '…' | WHERE …].
type ShowConnections struct{ Filter }

// CreateFileFormat is CREATE [OR REPLACE] FILE FORMAT [IF NOT EXISTS] name
// TYPE = CSV ….
type CreateFileFormat struct {
	OrReplace, IfNotExists bool
	Name                   string
	Options                []Option // TYPE among them
}

// DropFileFormat is DROP FILE FORMAT [IF EXISTS] name.
type DropFileFormat struct {
	IfExists bool
	Name     string
}

// DescFileFormat is DESC FILE FORMAT name.
type DescFileFormat struct{ Name string }

// ShowFileFormats is SHOW FILE FORMATS [LIKE '…' | WHERE …].
type ShowFileFormats struct{ Filter }
