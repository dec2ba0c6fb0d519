package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// windowSize is how many body files share a folder, and how many numbers one
// durable record allows. A start looks at no more files than one window and
// the uploads that were older than it.
const windowSize = 1024

// allocator hands out the numbers of bodies. A number is never used twice:
// those of small bodies carry an epoch that grows with every start, those of
// body files come from windows that are recorded durably before a file of
// them exists. So after a crash only the files of the last window, and those
// that the record names, can be strays.
type allocator struct {
	e     *Engine
	width uint64 // of a window
	small atomic.Uint64

	mu       sync.Mutex          // guards what follows
	state    allocation          // as it is on the disk
	next     uint64              // the next number of a body file
	window   *folder             // of the numbers below state.to
	inFlight map[uint64]struct{} // numbers whose fate is not on the disk yet
	aborted  []uint64            // removed again, but the folder is not synced
}

func (a *allocator) init(e *Engine, width uint64) {
	a.e, a.width = e, width
	a.inFlight = map[uint64]struct{}{}
}

// allocation is the record of the numbers that are handed out.
type allocation struct {
	epoch    uint64   // grows with every start
	from, to uint64   // the window: numbers that may be in flight
	older    []uint64 // numbers before the window that are in flight
}

const epochShift = 40 // a start may store 2^40 small bodies

func (s allocation) append(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, recordVersion)
	dst = binary.BigEndian.AppendUint64(dst, s.epoch)
	dst = binary.BigEndian.AppendUint64(dst, s.from)
	dst = binary.BigEndian.AppendUint64(dst, s.to)
	for _, n := range s.older {
		dst = binary.BigEndian.AppendUint64(dst, n)
	}
	return binary.BigEndian.AppendUint32(dst, keyedSum([]byte{spaceAlloc}, dst[start:]))
}

func parseAllocation(v []byte) (allocation, error) {
	const fixed = 1 + 3*8
	if len(v) < fixed+crcLen || v[0] != recordVersion || (len(v)-fixed-crcLen)%8 != 0 {
		return allocation{}, errRecord
	}
	body := v[:len(v)-crcLen]
	if keyedSum([]byte{spaceAlloc}, body) != binary.BigEndian.Uint32(v[len(body):]) {
		return allocation{}, errRecord
	}
	s := allocation{
		epoch: binary.BigEndian.Uint64(v[1:]),
		from:  binary.BigEndian.Uint64(v[9:]),
		to:    binary.BigEndian.Uint64(v[17:]),
	}
	for rest := body[fixed:]; len(rest) > 0; rest = rest[8:] {
		s.older = append(s.older, binary.BigEndian.Uint64(rest))
	}
	return s, nil
}

// load reads what the last run left, for recovery.
func (a *allocator) load() (allocation, error) {
	v, done, err := a.e.index.Get([]byte{spaceAlloc})
	if errors.Is(err, pebble.ErrNotFound) {
		return allocation{}, nil
	}
	if err != nil {
		return allocation{}, err
	}
	defer done.Close()
	return parseAllocation(v)
}

// begin starts a new epoch after last, whose files have all been looked at.
func (a *allocator) begin(last allocation) error {
	a.state = allocation{epoch: last.epoch + 1, from: last.to, to: last.to}
	a.next = last.to
	a.small.Store(a.state.epoch << epochShift)
	return a.save(context.Background())
}

func (a *allocator) save(ctx context.Context) error {
	b := a.e.index.NewBatch()
	if err := b.Set([]byte{spaceAlloc}, a.state.append(nil), nil); err != nil {
		return err
	}
	return a.e.commit(ctx, "local.save", b)
}

// end writes down that nothing is in flight, when the engine is closed.
func (a *allocator) end() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state.from == a.state.to && len(a.state.older) == 0 {
		return nil
	}
	if err := a.settleAborted(); err != nil || len(a.inFlight) > 0 {
		return err
	}
	a.state = allocation{epoch: a.state.epoch, from: a.state.to, to: a.state.to}
	a.next = a.state.to
	return a.save(context.Background())
}

// newSmall gives the number of a small body.
func (a *allocator) newSmall() bodyID { return bodyID(a.small.Add(1)) }

// newFile gives the number of a body file, and the folder where it belongs.
// The number counts as in flight until release or abort.
func (a *allocator) newFile(ctx context.Context) (bodyID, *folder, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next == a.state.to {
		if err := a.roll(ctx); err != nil {
			return 0, nil, err
		}
	}
	n := a.next
	a.next++
	a.inFlight[n] = struct{}{}
	return bodyID(n) | largeBit, a.window, nil
}

// roll makes the next window usable: its folder first, then the record.
func (a *allocator) roll(ctx context.Context) error {
	if err := a.settleAborted(); err != nil {
		return err
	}
	from := a.state.to
	older := make([]uint64, 0, len(a.inFlight))
	for n := range a.inFlight {
		older = append(older, n)
	}
	slices.Sort(older)
	f := &folder{fs: a.e.fs, name: a.e.folderPath(bodyID(from))}
	if err := a.e.fs.MkdirAll(f.name, folderMode); err != nil {
		return err
	}
	if err := syncFolder(a.e.fs, a.e.path(bodiesFolder)); err != nil {
		return err
	}
	before := a.state
	a.state = allocation{epoch: before.epoch, from: from, to: from - from%a.width + a.width, older: older}
	if err := a.save(ctx); err != nil {
		a.state = before
		return err
	}
	a.next, a.window = from, f
	return nil
}

// settleAborted makes the removal of failed uploads' files durable. Until
// then their numbers must stay in a record, for a crash could bring them back.
func (a *allocator) settleAborted() error {
	folders := map[string]bool{}
	for _, n := range a.aborted {
		folders[a.e.folderPath(bodyID(n))] = true
	}
	for _, name := range slices.Sorted(maps.Keys(folders)) {
		if err := syncFolder(a.e.fs, name); err != nil && !missing(err) {
			return err
		}
	}
	for _, n := range a.aborted {
		delete(a.inFlight, n)
	}
	a.aborted = a.aborted[:0]
	return nil
}

// release ends the flight of a number: its file belongs to an object, or is
// recorded as dead.
func (a *allocator) release(id bodyID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.inFlight, id.number())
}

// abort ends the flight of a number whose file has been removed again.
func (a *allocator) abort(id bodyID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.aborted = append(a.aborted, id.number())
}

// uses tells whether a new file may come into the folder.
func (a *allocator) uses(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.window != nil && a.window.name == name {
		return true
	}
	for n := range a.inFlight {
		if a.e.folderPath(bodyID(n)) == name {
			return true
		}
	}
	return false
}

// folderPath is where the file of a body lies; bodyPath is the file.
func (e *Engine) folderPath(id bodyID) string {
	return e.path(bodiesFolder, fmt.Sprintf("%08x", id.number()/e.ids.width))
}

func (e *Engine) bodyPath(id bodyID) string {
	return e.fs.PathJoin(e.folderPath(id), fmt.Sprintf("%016x", uint64(id)))
}

// parseBodyName reads the file name of a body.
func parseBodyName(name string) (bodyID, bool) {
	n, err := strconv.ParseUint(name, 16, 64)
	id := bodyID(n)
	return id, err == nil && id.large() && fmt.Sprintf("%016x", n) == name
}
