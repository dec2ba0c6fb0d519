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

	"wharf"
	"wharf/sql"
)

// materialize puts the files of a set into a folder of the statement and gives
// their paths there, in the set's order.
func (l *lease) materialize(source string, set fileSet, n int) ([]string, error) {
	dir := filepath.Join(l.dir, fmt.Sprint(n))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	stage, _, _ := strings.Cut(source, "/")
	paths := make([]string, len(set.Files))
	for i, f := range set.Files {
		paths[i] = filepath.Join(dir, fmt.Sprint(i)+set.suffix(f.Key))
		linked, err := l.linkFile(f, paths[i])
		if err == nil && !linked {
			err = l.copyFile(f, paths[i])
		}
		if err != nil {
			return nil, err
		}
		l.names[paths[i]] = stage + "/" + string(f.Key)
	}
	return paths, nil
}

// linkFile links a file that is one of this machine. It reports whether it
// could: a file on another file system is copied.
func (l *lease) linkFile(f sql.File, to string) (bool, error) {
	path, release, ok, err := f.Local(l.ctx)
	if err != nil || !ok {
		return false, err
	}
	defer release()
	return os.Link(path, to) == nil, nil
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
func (f fileSet) suffix(key wharf.Key) string {
	switch f.compression(key) {
	case "gzip":
		return ".gz"
	case "zstd":
		return ".zst"
	}
	return "." + strings.ToLower(string(f.Format.Type))
}
