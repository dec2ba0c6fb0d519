//go:build linux && !noduck

package duck

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"wharf"
)

// wrongParquet makes the client's error of what DuckDB says of the values, the types and the names in
// Parquet files, which tells neither the file nor, of a type, the column. It is nil of all else.
func (l *lease) wrongParquet(f failure) error {
	paths := l.parquetPaths()
	if len(paths) == 0 {
		return nil
	}
	where := "a Parquet file of the query"
	if len(paths) == 1 {
		where = l.names[paths[0]]
	}
	text, _, _ := strings.Cut(f.Text, "\n")
	switch m := unknownType.FindStringSubmatch(text); {
	case m != nil:
		what := "a type that Wharf does not know"
		if m[1] == bsonType {
			what = "the type BSON"
		}
		return wharf.Errorf(wharf.CodeUnsupported, "%s cannot be queried: a column of %s is not supported by Wharf", where, what)
	case strings.Contains(text, "Could not convert Timestamp(MS) to Timestamp(US)"):
		return wharf.Errorf(wharf.CodeInvalid, "%s has a value that is out of range for the type of its column: a time in milliseconds outside the years -290307 to 294247", where)
	case strings.Contains(text, "Invalid decimal encoding in Parquet file"), strings.Contains(text, "Information loss on integer cast"):
		return wharf.Errorf(wharf.CodeInvalid, "%s has a value that is out of range for the type of its column, such as a decimal of more digits than it", where)
	case missingColumn.MatchString(text):
		return l.unreadableName(where, paths)
	case ofParquet.MatchString(text) && !slices.ContainsFunc(paths, func(path string) bool { return strings.Contains(f.Text, path) }):
		return wharf.Errorf(wharf.CodeInvalid, "%s: %s", where, l.clear(text))
	}
	return nil
}

// bsonType is the number of BSON in Parquet's ConvertedType.
const bsonType = "20"

var (
	unknownType   = regexp.MustCompile(`^Unsupported (?:converted|logical) type(?: \((\d+)\))?`)
	missingColumn = regexp.MustCompile(`^Referenced column ".*" not found in FROM clause|does not have a column named "`)
	ofParquet     = regexp.MustCompile(`\b[Pp]arquet\b|\bBYTE_STREAM_SPLIT\b|\b(?:DELTA|RLE)_\w+|^Unsupported (?:compression|page|column encoding)`)
)

// parquetPaths are the statement's files of Parquet.
func (l *lease) parquetPaths() []string {
	var paths []string
	for path := range l.names {
		if strings.HasSuffix(path, ".parquet") && l.texts[path] == nil {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// unreadableName is the error of a column whose name DuckDB's SQL cannot say, nil where all can be said.
func (l *lease) unreadableName(where string, paths []string) error {
	found := false
	err := l.collect(fmt.Sprintf("SELECT 1 FROM parquet_schema(%s) WHERE contains(name, chr(0)) LIMIT 1", quotedList(paths)), func([]wharf.Value) error {
		found = true
		return nil
	})
	if known := unlessFailure(err); known != nil {
		return known
	}
	if !found && err == nil {
		return nil
	}
	return wharf.Errorf(wharf.CodeUnsupported, "%s has a column whose name has the character NUL or is not UTF-8, which is not supported by Wharf; a SELECT of other columns by their names can be answered", where)
}
