package sql

import "wharf"

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

// CreateStage is CREATE [OR REPLACE] STAGE [IF NOT EXISTS] name ….
type CreateStage struct {
	Mode wharf.CreateMode
	Name string
	StageSettings
}

// AlterStage is ALTER STAGE [IF EXISTS] name SET … | UNSET … | RENAME TO ….
// Exactly one of the three is there.
type AlterStage struct {
	IfExists bool
	Name     string
	Set      *StageSettings
	Unset    []string // FILE_FORMAT, COPY_OPTIONS, COMMENT, MAX_FILES, MAX_BYTES
	RenameTo string
}

// StageSettings is the clauses of CREATE STAGE and ALTER STAGE … SET; nil
// fields were not written.
type StageSettings struct {
	URL         *string
	Connection  []wharf.Option // CONNECTION = (…) or CREDENTIALS = (…), in order
	FileFormat  []wharf.Option
	CopyOptions []wharf.Option
	Comment     *string
	MaxFiles    *int64 // at least 1
	MaxBytes    *int64 // at least 1
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
	Mode    wharf.CreateMode
	Name    string
	Options []wharf.Option // STORAGE_TYPE among them
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
	Mode    wharf.CreateMode
	Name    string
	Options []wharf.Option // TYPE among them
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
