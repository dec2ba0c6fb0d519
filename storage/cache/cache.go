package cache

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"wharf"
)

// Options are the settings of a Cache.
type Options struct {
	// Folder is the cache's own: what is in it and not the cache's is removed.
	// On the file system of the engine's folders its files can be linked there.
	Folder string
	// Size is how many bytes of disk the cache takes at most, apart from files
	// in use that exceed it; 0 is [DefaultSize].
	Size   int64
	Logger *slog.Logger // nil discards

	// free returns how many bytes the folder's disk has free, and has; tests
	// replace it.
	free func(folder string) (free, all int64, err error)
	// fault makes a step fail, in tests.
	fault func(step string) error
}

const (
	mostBySize = 10 << 30 // DefaultSize, on a disk of 100 GiB or more
	// maxEntries bounds the memory that the names of small objects take.
	maxEntries = 65_536
	// maxSegments bounds the memory of what is known of blocks: some 35 MiB.
	maxSegments = 100_000
	// maxReserve is how much of the disk the cache leaves free.
	maxReserve = 256 << 20
	// fixedCost is what an object takes on the disk beside its blocks.
	fixedCost = 8 << 10
)

// DefaultSize returns 10 GiB, or a tenth of the disk that the folder is on if
// that is less.
func DefaultSize(folder string) (int64, error) {
	_, all, err := diskOf(folder)
	return min(mostBySize, all/10), err
}

func diskOf(folder string) (free, all int64, err error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(folder, &fs); err != nil {
		return 0, 0, err
	}
	// Bsize has another type on each system.
	block := uint64(fs.Bsize)
	return int64(fs.Bavail * block), int64(fs.Blocks * block), nil
}

// Cache is safe for concurrent use.
type Cache struct {
	o Options

	mu       sync.Mutex // guards what follows
	entries  map[string]*entry
	order    *list.List // of *entry, the last used first
	used     int64      // bytes of disk
	segments int        // that are in memory
	closed   bool

	counts counts
}

// Stats is what a Cache did since it was opened.
type Stats struct {
	Opened  int64 // objects
	Asked   int64 // bytes of the ranges that were asked for, in whole blocks
	Fetched int64 // bytes that came over the network
	Evicted int64 // objects that were removed to make room
	Dropped int64 // objects that were found damaged or changed
	Objects int64 // now
	Bytes   int64 // of disk, now
}

type counts struct{ opened, asked, fetched, evicted, dropped atomic.Int64 }

// Stats returns the counters.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{
		Opened: c.counts.opened.Load(), Asked: c.counts.asked.Load(), Fetched: c.counts.fetched.Load(),
		Evicted: c.counts.evicted.Load(), Dropped: c.counts.dropped.Load(),
		Objects: int64(len(c.entries)), Bytes: c.used,
	}
}

// Open opens the cache in a folder, which is made if absent. What a server that
// was killed left is kept as far as it is whole.
func Open(o Options) (*Cache, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.free == nil {
		o.free = diskOf
	}
	if o.fault == nil {
		o.fault = func(string) error { return nil }
	}
	c := &Cache{o: o, entries: map[string]*entry{}, order: list.New()}
	err := c.scan()
	if err == nil && o.Size <= 0 {
		c.o.Size, err = DefaultSize(o.Folder)
	}
	if err != nil {
		return nil, fault("cache.Open", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.evict()
	return c, nil
}

// Close refuses further openings. Open files stay usable.
func (c *Cache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return nil
}

// Local opens an object. The place is its endpoint, bucket and key; open opens it
// under the asker's rights.
func (c *Cache) Local(ctx context.Context, place string, open func(context.Context) (wharf.File, error)) (wharf.LocalFile, error) {
	from, err := open(ctx)
	if err != nil {
		return nil, err
	}
	o := from.Object()
	id := identity{place: place, etag: o.ETag, size: o.Size}
	e, err := c.acquire(id.name())
	if err == nil {
		if err = e.load(id); err != nil {
			c.drop(e)
			c.release(e)
		}
	}
	if err != nil {
		from.Close()
		return nil, fault("cache.Local", err)
	}
	c.counts.opened.Add(1)
	return &file{c: c, e: e, from: from}, nil
}

// identity is what a version of an object is known by.
type identity struct {
	place, etag string
	size        int64
}

// name returns the name of the identity's files.
func (id identity) name() string {
	h := sha256.New()
	var n [8]byte
	for _, text := range []string{id.place, id.etag} {
		binary.BigEndian.PutUint64(n[:], uint64(len(text)))
		h.Write(n[:])
		h.Write([]byte(text))
	}
	binary.BigEndian.PutUint64(n[:], uint64(id.size))
	h.Write(n[:])
	return hex.EncodeToString(h.Sum(nil))
}

func (c *Cache) path(name string) string { return filepath.Join(c.o.Folder, name) }

// acquire returns the entry of that name, in use until its release.
func (c *Cache) acquire(name string) (*entry, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, wharf.Errorf(wharf.CodeUnavailable, "the server is stopping")
	}
	e := c.entries[name]
	if e == nil {
		e = newEntry(c, name)
		c.add(e)
	}
	e.refs++
	c.order.MoveToFront(e.at)
	c.evict()
	return e, nil
}

// add puts an entry at the end of the order. c.mu is held.
func (c *Cache) add(e *entry) {
	e.at = c.order.PushBack(e)
	c.entries[e.name] = e
	c.used += e.disk
}

// pin keeps an entry that may have been released meanwhile.
func (c *Cache) pin(e *entry) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.gone {
		return errGone()
	}
	e.refs++
	return nil
}

// release ends one use of an entry.
func (c *Cache) release(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.refs--; e.refs == 0 {
		c.evict()
		c.unload()
	}
}

// evict removes what was used least recently until the cache is within its
// bounds, or only files in use are left. c.mu is held.
func (c *Cache) evict() {
	for c.used > c.o.Size || len(c.entries) > maxEntries {
		if !c.evictOne() {
			return
		}
	}
}

// evictOne removes the file that was used least recently and is not in use, and
// reports whether there was one. c.mu is held.
func (c *Cache) evictOne() bool {
	for el := c.order.Back(); el != nil; el = el.Prev() {
		if e := el.Value.(*entry); e.refs == 0 {
			c.counts.evicted.Add(1)
			c.remove(e)
			return true
		}
	}
	return false
}

// unload forgets what is in memory of files that were used least recently and
// are not in use. It is read again from the disk. c.mu is held.
func (c *Cache) unload() {
	for el := c.order.Back(); el != nil && c.segments > maxSegments; el = el.Prev() {
		if e := el.Value.(*entry); e.refs == 0 {
			e.unload()
		}
	}
}

// drop removes a file that is not what it should be. Those who use it find it
// gone.
func (c *Cache) drop(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !e.gone {
		c.counts.dropped.Add(1)
		c.remove(e)
	}
}

// remove removes an entry and its files. c.mu is held.
func (c *Cache) remove(e *entry) {
	e.gone = true
	c.order.Remove(e.at)
	delete(c.entries, e.name)
	c.used -= e.disk
	c.segments -= e.counted
	if err := e.removeFiles(); err != nil {
		c.o.Logger.Warn("a file of the cache could not be removed", "error", err)
	}
}

// reserve makes room for n bytes of an entry in use.
func (c *Cache) reserve(e *entry, n int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.gone {
		return nil
	}
	e.disk += n
	c.used += n
	c.evict()
	for {
		free, all, err := c.o.free(c.o.Folder)
		if err != nil || free-n >= min(maxReserve, all/20) {
			return err
		}
		if !c.evictOne() {
			e.disk -= n
			c.used -= n
			return wharf.Errorf(wharf.CodeNoSpace, "the disk of the data folder has no space left for the bytes of the file from S3")
		}
	}
}

// unreserve gives back what reserve took.
func (c *Cache) unreserve(e *entry, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !e.gone {
		e.disk -= n
		c.used -= n
	}
}

// empty removes all files that are not in use, and reports whether there were
// any.
func (c *Cache) empty() (any bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.evictOne() {
		any = true
	}
	return any
}

// count notes how many segments an entry has in memory.
func (c *Cache) count(e *entry, segments int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !e.gone {
		c.segments += segments - e.counted
		e.counted = segments
	}
}

// fault gives err, which came from the disk, the code that callers know.
func fault(op string, err error) error { return wharf.WrapError(wharf.DiskCode(err), op, "", err) }
