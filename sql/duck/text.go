//go:build linux && !noduck

package duck

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wharf"
	"wharf/sql/textfile"
)

// task is what a worker does with a file of text.
type task struct {
	Do  string // look, lines, convert, check
	Job textfile.Job
}

// finding is what came of a task.
type finding struct {
	Look    textfile.Look
	Lines   bool // of lines: JSON line by line
	Bad     *textfile.BadRecord
	TooLong bool
	Failed  string
}

// doTasks does what the server asks of files of text.
func doTasks(f *framed, payload []byte) error {
	var tasks []task
	if err := json.Unmarshal(payload, &tasks); err != nil {
		return err
	}
	findings := make([]finding, len(tasks))
	for i, t := range tasks {
		findings[i] = t.do()
	}
	return f.send(frameLooked, findings)
}

func (t task) do() (found finding) {
	var err error
	switch t.Do {
	case "look":
		found.Look, err = t.Job.Look()
	case "lines":
		found.Lines, err = t.Job.LinesOfJSON()
	case "convert":
		err = t.Job.Convert()
	default:
		err = t.Job.Check()
	}
	switch {
	case err == nil, errors.As(err, &found.Bad):
	case errors.Is(err, textfile.ErrTooLong):
		found.TooLong = true
	default:
		found.Failed = err.Error()
	}
	return found
}

// textFile is a file of text as a query reads it.
type textFile struct {
	job     textfile.Job
	path    string // that DuckDB reads
	native  bool   // as it was uploaded
	lines   bool   // of JSON, each with a document
	ends    string // what ends its lines, where that is known
	columns []string
	length  int64 // of the text in bytes, 0 where it is not known

	emptyLines bool // are empty texts: its records have one field
}

// tasksAtOnce bounds the tasks of one frame.
const tasksAtOnce = 64

// do has the worker do one thing with each of the jobs.
func (l *lease) do(what string, jobs []textfile.Job) ([]finding, error) {
	var all []finding
	for some := range slices.Chunk(jobs, tasksAtOnce) {
		tasks := make([]task, len(some))
		for i, j := range some {
			tasks[i] = task{what, j}
		}
		findings, err := l.ask(tasks)
		if err != nil {
			return nil, err
		}
		for i, found := range findings {
			if err := l.found(some[i].Path, found); err != nil {
				return nil, err
			}
		}
		all = append(all, findings...)
	}
	return all, nil
}

// ask sends tasks to the worker.
func (l *lease) ask(tasks []task) ([]finding, error) {
	l.busy = true
	if err := l.worker.framed.send(frameFiles, tasks); err != nil {
		return nil, err
	}
	kind, payload, err := l.read()
	if err != nil {
		return nil, err
	}
	if kind != frameLooked {
		return nil, fmt.Errorf("a worker sent %q out of turn", kind)
	}
	var findings []finding
	if err := json.Unmarshal(payload, &findings); err != nil {
		return nil, err
	}
	if len(findings) != len(tasks) {
		return nil, errShort
	}
	return findings, nil
}

// found makes the client's error of what a worker found in a file.
func (l *lease) found(path string, found finding) error {
	switch {
	case found.Bad != nil:
		return l.badFile(path, found.Bad)
	case found.TooLong:
		return wharf.Errorf(wharf.CodeTooLarge, "%s unpacks to more than %s, the disk that a query may take (--query-temp)", l.clear(path), size(l.pool.o.TempSpace))
	case found.Failed != "":
		return errors.New(found.Failed)
	}
	return nil
}

// badFile is the error of a bad record, or of the file that is damaged.
func (l *lease) badFile(path string, bad *textfile.BadRecord) error {
	if damaged := l.whole(l.ctx); damaged != nil {
		return damaged
	}
	between := ", "
	if bad.Line == 0 {
		between = ": "
	}
	return wharf.Errorf(wharf.CodeInvalid, "%s%s%s", l.clear(path), between, bad.Error())
}

// job is what is known of a file of text before it is looked at.
func (s fileSet) job(path string, key wharf.Key) textfile.Job {
	j := textfile.Job{Path: path, Compression: s.compression(key)}
	if s.Format.Type == wharf.CSV || s.Format.Type == wharf.TSV {
		j.Records, j.Dialect, j.Encoding = true, s.dialect(), s.Format.Encoding.Value
	}
	return j
}

// look looks at files of records, and has those written anew that DuckDB does
// not read as they are.
func (l *lease) look(s fileSet, paths []string) ([]*textFile, error) {
	jobs := make([]textfile.Job, len(paths))
	for i, path := range paths {
		jobs[i] = s.job(path, s.Files[i].Key)
	}
	found, err := l.do("look", jobs)
	if err != nil {
		return nil, err
	}
	texts := make([]*textFile, len(jobs))
	native, single, empty := true, true, false
	for i, j := range jobs {
		texts[i] = &textFile{job: j, native: found[i].Look.Native && s.native() && readable(j.Compression)}
		switch n := len(found[i].Look.First); {
		case n > 1:
			single = false
		case n == 1 && !j.Dialect.EmptyNull:
			// DuckDB takes an empty line for NULL or leaves it out.
			texts[i].native, texts[i].emptyLines = texts[i].native && s.Format.Type == wharf.TSV, true
			empty = true
		}
		native = native && texts[i].native
		for _, f := range found[i].Look.First {
			texts[i].columns = append(texts[i].columns, f.Text)
		}
	}
	for i, t := range texts {
		// Texts of TSV are unescaped by the statement, in all files or in none.
		t.native = t.native && (s.Format.Type != wharf.TSV || native && (single || !empty))
		read := t.job.Path
		if !t.native {
			if read, err = l.convert(t.job); err != nil {
				return nil, err
			}
		} else {
			t.ends = found[i].Look.Ends
		}
		if t.length = found[i].Look.Length; !t.native || t.job.Compression == "" {
			info, err := os.Lstat(read)
			if err != nil {
				return nil, err
			}
			t.length = info.Size()
		}
		t.path = read
		l.texts[read] = t
	}
	return texts, nil
}

// readable reports whether DuckDB unpacks a compression.
func readable(compression string) bool {
	return compression == "" || compression == "GZIP" || compression == "ZSTD"
}

// convert has a file written anew, and gives its path.
func (l *lease) convert(j textfile.Job) (string, error) {
	if err := os.MkdirAll(l.made, 0o700); err != nil {
		return "", err
	}
	base := filepath.Base(j.Path)
	j.To = filepath.Join(l.made, strings.TrimSuffix(base, filepath.Ext(base))+".text")
	j.Limit = l.pool.o.TempSpace - l.written
	if _, err := l.do("convert", []textfile.Job{j}); err != nil {
		return "", err
	}
	info, err := os.Lstat(j.To)
	if err != nil {
		return "", err
	}
	l.written += info.Size()
	l.names[j.To] = l.names[j.Path]
	return j.To, nil
}
