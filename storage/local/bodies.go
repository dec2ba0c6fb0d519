package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// bodies hands out the numbers of body files. The lowest that is in flight goes
// into each record, so that after a crash only files from there on can be
// strays.
type bodies struct {
	e     *Engine
	width uint64 // how many share a folder

	mu       sync.Mutex // guards what follows
	next     uint64
	folder   *folder // of the number next-1
	inFlight map[uint64]struct{}
}

func (b *bodies) init(e *Engine, width uint64) {
	b.e, b.width = e, width
	b.inFlight = map[uint64]struct{}{}
}

// begin takes a number, and makes the folder that its file belongs into. The
// number is in flight until end.
func (b *bodies) begin() (uint64, *folder, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := b.e.folderPath(b.next)
	if b.folder == nil || b.folder.name != name {
		if err := b.e.fs.MkdirAll(name, folderMode); err != nil {
			return 0, nil, err
		}
		if err := syncFolder(b.e.fs, b.e.path(bodiesFolder)); err != nil {
			return 0, nil, err
		}
		b.folder = &folder{fs: b.e.fs, name: name}
	}
	n := b.next
	b.next++
	b.inFlight[n] = struct{}{}
	return n, b.folder, nil
}

// end is called when the file is an object's, or is gone.
func (b *bodies) end(n uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.inFlight, n)
}

// lowest is the lowest number in flight.
func (b *bodies) lowest() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	low := b.next
	for n := range b.inFlight {
		low = min(low, n)
	}
	return low
}

// following is the number that comes next.
func (b *bodies) following() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}

// uses reports whether a new file may come into the folder.
func (b *bodies) uses(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.e.folderPath(b.next) == name || b.folder != nil && b.folder.name == name {
		return true
	}
	for n := range b.inFlight {
		if b.e.folderPath(n) == name {
			return true
		}
	}
	return false
}

// folderPath is where a body file lies; bodyPath is the file.
func (e *Engine) folderPath(n uint64) string {
	return e.path(bodiesFolder, fmt.Sprintf("%08x", n/e.bodies.width))
}

func (e *Engine) bodyPath(n uint64) string {
	return e.fs.PathJoin(e.folderPath(n), fmt.Sprintf("%016x", n))
}

func parseHex(name string, digits int) (uint64, bool) {
	n, err := strconv.ParseUint(name, 16, 64)
	return n, err == nil && fmt.Sprintf("%0*x", digits, n) == name
}

// eachBody calls do for the body files from the number low on, and strange for
// what is no body file.
func (e *Engine) eachBody(low uint64, do func(n uint64) error, strange func(path string) error) error {
	root := e.path(bodiesFolder)
	folders, err := e.fs.List(root)
	if err != nil {
		return err
	}
	slices.Sort(folders)
	for _, name := range folders {
		path := e.fs.PathJoin(root, name)
		n, ok := parseHex(name, 8)
		if ok && (n+1)*e.bodies.width <= low {
			continue
		}
		info, err := e.fs.Stat(path)
		if missing(err) {
			continue
		}
		if err != nil {
			return err
		}
		if !ok || !info.IsDir() {
			if err := strange(path); err != nil {
				return err
			}
			continue
		}
		if err := e.eachBodyOf(path, low, do, strange); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) eachBodyOf(folder string, low uint64, do func(n uint64) error, strange func(path string) error) error {
	names, err := e.fs.List(folder)
	if err != nil {
		return ignoreMissing(err)
	}
	slices.Sort(names)
	for _, name := range names {
		n, ok := parseHex(name, 16)
		if !ok || e.folderPath(n) != folder {
			err = strange(e.fs.PathJoin(folder, name))
		} else if n >= low {
			err = do(n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// storeFile stores a body as a file whose first bytes have been read into buf.
func (u *upload) storeFile(buf, first []byte) (wharf.Object, error) {
	e := u.s.e
	n, dir, err := e.bodies.begin()
	if err != nil {
		return wharf.Object{}, err
	}
	h := head{kind: kindFile, number: n, stage: u.s.id, key: u.key, mtime: now()}
	table, err := u.writeFile(&h, buf, first)
	if err == nil {
		err = dir.sync()
	}
	if err == nil {
		err = u.publish(&h, table, nil)
	}
	if err != nil {
		return wharf.Object{}, errors.Join(err, e.discard(n))
	}
	e.bodies.end(n)
	e.checks.know(n)
	return h.objectOf(), nil
}

// writeFile writes the body file and makes its bytes durable. It returns the
// checksums of the blocks.
func (u *upload) writeFile(h *head, buf, first []byte) (table []byte, err error) {
	f, err := u.s.e.fs.Create(u.s.e.bodyPath(h.number), vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	if u.o.Size > 0 {
		table = make([]byte, 0, crcLen*blocks(u.o.Size))
	}
	for part := first; len(part) > 0; {
		if err := u.s.e.take(u.ctx, "local.Put", int64(len(part))); err != nil {
			return nil, err
		}
		table = appendTable(table, part)
		h.size += int64(len(part))
		if err := write(f, part); err != nil {
			return nil, err
		}
		if part, err = u.fill(buf); err != nil {
			return nil, err
		}
	}
	h.sum = crc32.Checksum(table, castagnoli)
	setAttribute(f, label{stage: h.stage, key: h.key, size: h.size, mtime: h.mtime, sum: h.sum}.append(nil))
	return table, f.SyncData()
}

// discard removes the file of an upload that failed. Its number stays in flight
// until the removal is durable.
func (e *Engine) discard(n uint64) error {
	if e.broken.failed() {
		return nil // perhaps the record is on the disk nevertheless: the next start knows
	}
	err := e.fs.Remove(e.bodyPath(n))
	if err == nil || missing(err) {
		err = syncFolder(e.fs, e.folderPath(n))
	}
	if err != nil {
		return err // the next start removes it
	}
	e.bodies.end(n)
	return nil
}

// removeBodies removes files and makes that durable; a folder that is empty
// afterwards goes, too.
func (e *Engine) removeBodies(numbers []uint64) error {
	folders := map[string]bool{}
	for _, n := range numbers {
		if err := e.fs.Remove(e.bodyPath(n)); err != nil && !missing(err) {
			return err
		}
		folders[e.folderPath(n)] = true
	}
	emptied := false
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		if !e.bodies.uses(name) && e.fs.Remove(name) == nil {
			emptied = true
			continue
		}
		// One that is missing was removed before, by a server that was killed.
		err := syncFolder(e.fs, name)
		emptied = emptied || missing(err)
		if ignoreMissing(err) != nil {
			return err
		}
	}
	if !emptied {
		return nil
	}
	return syncFolder(e.fs, e.path(bodiesFolder))
}

// strays removes the body files from the number low on that belong to no
// object and are not recorded as dead: what a crash left of uploads. It raises
// the next number above all files. Other files it leaves alone. Without a log, a
// whole file that says whose it is may be one whose log is lost: it is kept, too.
func (e *Engine) strays(ctx context.Context, low uint64, keep, noLog bool) error {
	var gone []uint64
	labelled := 0
	err := e.eachBody(low, func(n uint64) error {
		e.bodies.next = max(e.bodies.next, n+1)
		owner, err := e.index.get(numberKey(spaceFile, n))
		if err != nil || owner != nil {
			return err
		}
		isLabelled := false
		if noLog {
			_, isLabelled = e.readLabel(n)
		}
		if isLabelled {
			labelled++
		} else {
			gone = append(gone, n)
		}
		return ctx.Err()
	}, func(path string) error {
		e.log.Warn("a file that is not Wharf's is left alone", "file", e.fs.PathBase(path))
		return nil
	})
	if labelled > 0 {
		e.log.Error("the log is missing and there are files of objects; stop the server and run wharf check", "files", labelled)
	}
	if err != nil || keep {
		return err
	}
	if err := e.removeBodies(gone); err != nil {
		return err
	}
	return e.syncBodies(low)
}

// syncBodies makes durable what a killed server removed of the body files from
// the number low on. No later start looks for these.
func (e *Engine) syncBodies(low uint64) error {
	root := e.path(bodiesFolder)
	names, err := e.fs.List(root)
	if err != nil {
		return err
	}
	for _, name := range names {
		if n, ok := parseHex(name, 8); ok && (n+1)*e.bodies.width > low {
			if err := syncFolder(e.fs, e.fs.PathJoin(root, name)); err != nil {
				return err
			}
		}
	}
	return syncFolder(e.fs, root)
}

// label is what the extended attribute of a body file says, so that it can be
// given back to its object when the log is lost.
type label struct {
	stage wharf.StageID
	key   wharf.Key
	size  int64
	mtime int64
	sum   uint32 // of the table of the blocks' checksums
}

const (
	labelName  = "user.wharf"
	labelFixed = 1 + stageLen + 8 + 8 + 4
)

func (l label) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, recordVersion)
	dst = append(dst, l.stage[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(l.size))
	dst = binary.BigEndian.AppendUint64(dst, uint64(l.mtime))
	dst = binary.BigEndian.AppendUint32(dst, l.sum)
	dst = append(dst, l.key...)
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

func parseLabel(p []byte) (label, bool) {
	n := len(p) - crcLen
	if n < labelFixed || n > labelFixed+wharf.MaxKey || p[0] != recordVersion ||
		crc32.Checksum(p[:n], castagnoli) != binary.BigEndian.Uint32(p[n:]) {
		return label{}, false
	}
	be, q := binary.BigEndian, p[1+stageLen:]
	l := label{
		stage: wharf.StageID(p[1 : 1+stageLen]), size: int64(be.Uint64(q)), mtime: int64(be.Uint64(q[8:])), sum: be.Uint32(q[16:]),
		key: wharf.Key(p[labelFixed:n]),
	}
	return l, l.size >= 0 && l.size < maxSize && l.key != ""
}
