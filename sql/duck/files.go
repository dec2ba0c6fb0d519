//go:build linux && !noduck

package duck

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// materialize puts the files of a set where the worker may read them. The
// statement reads names of files from their paths where named is true.
func (l *lease) materialize(source string, set fileSet, n int, named bool) (*placement, error) {
	stage, _, _ := strings.Cut(source, "/")
	p := &placement{paths: make([]string, len(set.Files)), partial: make([]wharf.PartialFile, len(set.Files))}
	var files errgroup.Group
	files.SetLimit(placedAtOnce)
	placing := make([]place, len(set.Files))
	for i, f := range set.Files {
		to := &placing[i]
		to.name, to.path, to.parquet = stage+"/"+string(f.Key), fmt.Sprintf("%s%d.%d%s", l.prefix, n, i, set.suffix(f.Key)), set.Format.Type == wharf.Parquet
		to.lasting = to.parquet && !named
		files.Go(func() (err error) {
			p.partial[i], err = l.place(f, to)
			return err
		})
	}
	err := files.Wait()
	for i, to := range placing {
		p.paths[i], l.names[to.path] = to.path, to.name
	}
	return p, err
}

// place is where a file of a statement is put.
type place struct {
	name    string // that messages call it
	path    string
	parquet bool
	lasting bool // the path may be told from the file's version
}

// place puts a file at its place: by a link, where it is a file of this
// machine, else as a copy. Of a Parquet file that is elsewhere it may fetch
// only the footer, and returns it then.
func (l *lease) place(f sql.File, to *place) (wharf.PartialFile, error) {
	unlasting := to.path
	partial, err := l.placeLocal(f, to)
	if errors.Is(err, wharf.ErrReplaced) {
		// None of the old version's bytes has been used.
		_ = os.Remove(to.path)
		to.path = unlasting
		partial, err = l.placeLocal(f, to)
	}
	if errors.Is(err, errNotLinked) {
		return nil, l.copyFile(f, to.path)
	}
	return partial, err
}

// errNotLinked says that a file has to be copied.
var errNotLinked = errors.New("the file cannot be linked")

func (l *lease) placeLocal(f sql.File, to *place) (wharf.PartialFile, error) {
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
	if err := l.link(local, to); err != nil {
		return nil, errors.Join(errNotLinked, local.Close())
	}
	l.hold(to.name, local)
	partial, ok := local.(wharf.PartialFile)
	if !ok {
		return nil, nil
	}
	if to.parquet && partial.Object().Size > leastPartial {
		found, err := fetchFooter(l.ctx, partial, to.path)
		if err != nil || found {
			return partial, err
		}
	}
	return nil, partial.Fetch(l.ctx)
}

// link links a file at its place. A version of a Parquet file has the same path
// in every statement of a worker, whose database then keeps its footer.
func (l *lease) link(f wharf.LocalFile, to *place) error {
	version := f.Object().ETag
	if to.lasting && version != "" {
		id := sha256.Sum256(fmt.Appendf(nil, "%q %q %d", to.name, version, f.Object().Size))
		path := filepath.Join(l.worker.files(), fmt.Sprintf("%x.parquet", id[:16]))
		err := f.Link(path)
		if err == nil {
			to.path = path
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		// The statement reads the file twice.
	}
	return f.Link(to.path)
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
