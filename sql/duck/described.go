//go:build linux && !noduck

package duck

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

const (
	// describedFiles is the most files of a source whose columns are remembered.
	describedFiles = 16
	// describedColumns is the most columns that one generation remembers.
	describedColumns = 10_000
)

// descriptions remembers the columns of files by the files' versions, so that
// a worker need not look for them before each query: of a large Parquet file
// that means to read the footer once more. It is safe for concurrent use.
// A file's columns are forgotten when no query has used them while
// describedColumns others were added.
type descriptions struct {
	mu         sync.Mutex // guards what follows
	young, old map[string][]column
	columns    int // in young
}

// find returns the columns that are remembered under a key, or nil.
func (d *descriptions) find(key string) []column {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.young[key]; c != nil {
		return c
	}
	c := d.old[key]
	if c != nil {
		d.put(key, c)
	}
	return c
}

func (d *descriptions) remember(key string, c []column) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(key, c)
}

// put adds columns to the young ones. d.mu is held.
func (d *descriptions) put(key string, c []column) {
	if d.young == nil || d.columns+len(c) > describedColumns {
		d.young, d.old, d.columns = map[string][]column{}, d.young, 0
	}
	d.young[key] = c
	d.columns += len(c)
}

// describeFiles returns the columns of a source's files as the reader reads
// them. They are remembered when the statement has found the files whole. With
// texts, those columns of bytes are found that are texts.
func (l *lease) describeFiles(r *reader, paths []string, texts bool) ([]column, error) {
	key := l.descriptionKey(r.SQL, paths)
	if key != "" && texts {
		key += " texts"
	}
	if c := l.pool.described.find(key); c != nil {
		return c, nil
	}
	c, err := l.describe("SELECT * FROM " + r.SQL)
	if err == nil && texts {
		err = l.findTexts(c, paths)
	}
	if err == nil && r.parquet != nil {
		if err = l.findRanges(c, paths); err == nil {
			err = l.findLong(c, paths)
		}
	}
	if err == nil && r.documents != nil {
		err = l.findWhole(r.documents, c)
	}
	if err == nil && r.retyped != nil {
		err = l.findNumbers(r, c)
	}
	if err == nil && key != "" {
		l.described[key] = c
	}
	return c, err
}

// descriptionKey is what the columns of files depend on: their names and
// versions, and how they are read. It is empty where a version is not known.
func (l *lease) descriptionKey(reader string, paths []string) string {
	if len(paths) > describedFiles || strings.Contains(reader, l.made) {
		return ""
	}
	var key strings.Builder
	for _, path := range paths {
		name := l.names[path]
		version := l.version(name)
		if version == "" {
			return ""
		}
		fmt.Fprintf(&key, "%q %q ", name, version)
	}
	for i, path := range paths {
		reader = strings.ReplaceAll(reader, quoteString(path), strconv.Itoa(i))
	}
	key.WriteString(reader)
	return key.String()
}

// rememberDescriptions keeps the columns that the statement looked for. Its
// files were found whole.
func (l *lease) rememberDescriptions() {
	for key, c := range l.described {
		l.pool.described.remember(key, c)
	}
}
