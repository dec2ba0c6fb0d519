package wharf

import (
	"slices"
	"strings"
	"time"
)

// ConnectionName is the validated name of a named connection. Names are
// case-sensitive.
type ConnectionName string

// ParseConnectionName validates a name by the rules of a stage's, [CodeInvalid]
// otherwise.
func ParseConnectionName(s string) (ConnectionName, error) {
	if err := checkName("connection name", s); err != nil {
		return "", err
	}
	return ConnectionName(s), nil
}

// NamedConnection is how to reach a storage, under a name: CONNECTION =
// (CONNECTION_NAME = '…') copies it into a stage.
type NamedConnection struct {
	Name        ConnectionName
	StorageType string // the scheme of the URLs that it is for: "s3"
	Connection  Connection
	Creator     string
	CreatedOn   time.Time // UTC
}

// FormatName is the validated name of a named file format. Names are
// case-sensitive, but those of the types (CSV, Parquet), which every server
// has.
type FormatName string

// ParseFormatName validates a name by the rules of a stage's, [CodeInvalid]
// otherwise.
func ParseFormatName(s string) (FormatName, error) {
	if err := checkName("file format name", s); err != nil {
		return "", err
	}
	return FormatName(s), nil
}

// NamedFormat is a file format under a name: FILE_FORMAT = (FORMAT_NAME =
// '…') refers to it.
type NamedFormat struct {
	Name      FormatName
	Format    FileFormat // by [ParseNamedFormat]
	Creator   string
	CreatedOn time.Time // UTC
}

// storageTypes are the schemes that take a connection.
func storageTypes() []string { return []string{"s3"} }

// NewNamedConnection validates what CREATE CONNECTION says: STORAGE_TYPE and
// the settings of [NewConnection]. What is wrong is [CodeInvalid].
func NewNamedConnection(options []Option) (NamedConnection, error) {
	var c NamedConnection
	i := slices.IndexFunc(options, func(o Option) bool { return strings.EqualFold(o.Name, "STORAGE_TYPE") })
	if i < 0 {
		return c, Errorf(CodeInvalid, "CONNECTION needs STORAGE_TYPE = 's3'")
	}
	c.StorageType = strings.ToLower(options[i].Value)
	if options[i].Kind == OptionList || !slices.Contains(storageTypes(), c.StorageType) {
		return c, Errorf(CodeInvalid, "CONNECTION: the value of storage_type is not right; it takes 's3'")
	}
	if j := slices.IndexFunc(options[i+1:], func(o Option) bool { return strings.EqualFold(o.Name, "STORAGE_TYPE") }); j >= 0 {
		return c, Errorf(CodeInvalid, "CONNECTION: storage_type is given twice")
	}
	var err error
	c.Connection, err = NewConnection(slices.Concat(options[:i], options[i+1:]))
	return c, err
}
