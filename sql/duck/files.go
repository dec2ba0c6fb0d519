//go:build linux && !noduck

package duck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"wharf"
	"wharf/sql"
)

// placement is the files of a source in the statement's folder.
type placement struct {
	paths   []string
	partial []wharf.PartialFile // by file; nil where all bytes are there
}

// placedAtOnce bounds how many files of a source are opened and fetched at
// once.
const placedAtOnce = 8

// materialize puts the files of a set into a folder of the statement.
func (l *lease) materialize(source string, set fileSet, n int) (*placement, error) {
	dir := filepath.Join(l.dir, fmt.Sprint(n))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	stage, _, _ := strings.Cut(source, "/")
	p := &placement{paths: make([]string, len(set.Files)), partial: make([]wharf.PartialFile, len(set.Files))}
	var files errgroup.Group
	files.SetLimit(placedAtOnce)
	for i, f := range set.Files {
		p.paths[i] = filepath.Join(dir, fmt.Sprint(i)+set.suffix(f.Key))
		name := stage + "/" + string(f.Key)
		l.names[p.paths[i]] = name
		files.Go(func() (err error) {
			p.partial[i], err = l.place(f, name, p.paths[i], set.Format.Type == wharf.Parquet)
			return err
		})
	}
	return p, files.Wait()
}

// place puts a file at a path: by a link, where it is a file of this machine,
// else as a copy. Of a Parquet file that is elsewhere it may fetch only the
// footer, and returns it then.
func (l *lease) place(f sql.File, name, to string, parquet bool) (wharf.PartialFile, error) {
	partial, err := l.placeLocal(f, name, to, parquet)
	if errors.Is(err, wharf.ErrReplaced) {
		// None of the old version's bytes has been used.
		_ = os.Remove(to)
		partial, err = l.placeLocal(f, name, to, parquet)
	}
	if errors.Is(err, errNotLinked) {
		return nil, l.copyFile(f, to)
	}
	return partial, err
}

// errNotLinked says that a file has to be copied.
var errNotLinked = errors.New("the file cannot be linked")

func (l *lease) placeLocal(f sql.File, name, to string, parquet bool) (wharf.PartialFile, error) {
	if f.Local == nil {
		return nil, errNotLinked
	}
	local, err := f.Local(l.ctx)
	if err != nil {
		return nil, err
	}
	if local == nil {
		return nil, errNotLinked
	}
	if err := local.Link(to); err != nil {
		return nil, errors.Join(errNotLinked, local.Close())
	}
	l.hold(name, local)
	partial, ok := local.(wharf.PartialFile)
	if !ok {
		return nil, nil
	}
	if parquet && partial.Object().Size > leastPartial {
		found, err := fetchFooter(l.ctx, partial, to)
		if err != nil || found {
			return partial, err
		}
	}
	return nil, partial.Fetch(l.ctx)
}

// copyFile writes a file's verified bytes.
func (l *lease) copyFile(f sql.File, to string) (err error) {
	from, err := f.Open(l.ctx)
	if err != nil {
		return err
	}
	defer from.Close()
	body, err := from.Range(l.ctx, 0, -1)
	if err != nil {
		return err
	}
	defer body.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, untilEnd{l.ctx, body})
	return err
}

// untilEnd is a reader that ends with its context.
type untilEnd struct {
	ctx context.Context
	r   io.Reader
}

func (u untilEnd) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, context.Cause(u.ctx)
	}
	return u.r.Read(p)
}

// suffix is the end of a file's name that tells DuckDB how it is compressed.
func (s fileSet) suffix(key wharf.Key) string {
	switch s.compression(key) {
	case "GZIP":
		return ".gz"
	case "ZSTD":
		return ".zst"
	}
	return "." + strings.ToLower(string(s.Format.Type))
}
