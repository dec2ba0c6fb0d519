package local

import (
	"bytes"
	"io"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"
)

// carve finds the small bodies in the files of a damaged index, whatever
// state those are in: the index stores values as they are, and a small body
// begins with a magic number, says how long it is, and has a checksum of its
// own. Bodies that were removed, but whose room is not given back yet, are
// found, too.
func carve(fs vfs.FS, dir string, do func(smallBody) error) error {
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if !strings.HasSuffix(n, ".blob") && !strings.HasSuffix(n, ".sst") {
			continue
		}
		f, err := fs.Open(fs.PathJoin(dir, n))
		if err != nil {
			return err
		}
		err = carveStream(f, do)
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
	return carveLogs(fs, dir, do)
}

// carveLogs reads the logs record by record, because a log cuts values into
// pieces.
func carveLogs(fs vfs.FS, dir string, do func(smallBody) error) error {
	logs, err := wal.Scan(wal.Dir{FS: fs, Dirname: dir})
	if err != nil {
		return err
	}
	for _, l := range logs {
		r := l.OpenForRead()
		for {
			// An error is the end of what can be read of this log.
			rec, _, err := r.NextRecord()
			if err != nil {
				break
			}
			if err := carveStream(rec, do); err != nil {
				return err
			}
		}
		if err := r.Close(); err != nil {
			return err
		}
	}
	return nil
}

// longestSmall is the longest value of a small body.
const longestSmall = smallHeader + 1<<16 + smallMax

// carveStream finds the small bodies in r. A read error ends it like the
// end of r: what comes after is lost.
func carveStream(r io.Reader, do func(smallBody) error) error {
	buf := make([]byte, 0, 4*longestSmall)
	for more := true; more; {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf, more = buf[:len(buf)+n], err == nil
		rest, err := carveBuffer(buf, more, do)
		if err != nil {
			return err
		}
		buf = buf[:copy(buf, rest)]
	}
	return nil
}

// carveBuffer finds the small bodies in buf, and returns what of it must be
// seen again with what follows.
func carveBuffer(buf []byte, more bool, do func(smallBody) error) (rest []byte, err error) {
	for {
		at := bytes.Index(buf, []byte(smallMagic))
		if at < 0 {
			return buf[max(0, len(buf)-len(smallMagic)+1):], nil
		}
		buf = buf[at:]
		if more && len(buf) < longestSmall {
			return buf, nil
		}
		s, n, err := parseSmall(buf)
		if err != nil {
			buf = buf[len(smallMagic):]
			continue
		}
		if err := do(s); err != nil {
			return nil, err
		}
		buf = buf[n:]
	}
}
