package wharf

import (
	"context"
	"iter"
	"strings"
)

// removeBatch is how many files are removed by one call of the store: as many
// as S3 takes in one request.
const removeBatch = 1000

// What a download counts for: a list takes more memory than a file.
const (
	FileDownload = 1
	ListDownload = 4
)

// smallDownload is the most bytes of a small download. The kernel takes about as
// many from the server whether the client reads or not.
const smallDownload = 64 << 10

// Download is the room to send one file or list. End releases it; it must be called
// once.
type Download struct{ held reservation }

// End ends the download.
func (d Download) End() { d.held.release() }

// BeginDownload waits until there is room to send one more file or list, which
// counts for FileDownload or ListDownload. After
// the wait it is CodeUnavailable. Nothing of the file is to be open meanwhile.
//
// Small files have a quarter of the room to themselves, so that clients that do
// not read keep only large files and lists waiting. size is asked only for a
// download that would have to wait; nil is for one that is not small.
func (s *Service) BeginDownload(ctx context.Context, count int64, size func() (int64, error)) (Download, error) {
	class := &s.downloads.large
	held, now := s.downloads.tryAcquire(class, count)
	if now {
		return Download{held}, nil
	}
	if size != nil {
		n, err := size()
		if err != nil {
			return Download{}, err
		}
		if n <= smallDownload {
			class = &s.downloads.small
		}
	}
	held, err := s.downloads.acquireAs(ctx, class, count)
	return Download{held}, err
}

// DownloadsWait reports whether downloads wait for others to end, or gave up
// waiting not long ago.
func (s *Service) DownloadsWait() bool { return s.downloads.pressed() }

// file returns the store and the key of the one file that the location names.
func (s *Service) file(ctx context.Context, p Principal, loc Location, need Privileges) (Store, Key, error) {
	key, err := ParseKey(loc.Path)
	if err != nil {
		return nil, "", err
	}
	store, err := s.store(ctx, p, loc.Stage, need)
	return store, key, err
}

// OpenFile opens the one file that the location names.
func (s *Service) OpenFile(ctx context.Context, p Principal, loc Location) (File, error) {
	store, key, err := s.file(ctx, p, loc, PrivilegeRead)
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, key)
}

// StatFile returns what the store knows of the one file that the location names.
func (s *Service) StatFile(ctx context.Context, p Principal, loc Location) (Object, error) {
	store, key, err := s.file(ctx, p, loc, PrivilegeRead)
	if err != nil {
		return Object{}, err
	}
	return store.Stat(ctx, key)
}

// LocalFile opens the file at loc as a file of this machine, as [Localizer]
// does. It returns nil where the stage's store has none, and the file is read
// with OpenFile.
func (s *Service) LocalFile(ctx context.Context, p Principal, loc Location) (LocalFile, error) {
	store, key, err := s.file(ctx, p, loc, PrivilegeRead)
	if err != nil {
		return nil, err
	}
	if l, ok := store.(Localizer); ok {
		return l.Local(ctx, key)
	}
	return nil, nil
}

// RemoveFiles removes files and streams the key of each after it is gone.
// Nothing more is removed once the caller stops ranging or ctx ends, beyond
// the batch under way.
//
// It never removes more than was written. Without a pattern, a path is exactly
// one object, and CodeNotFound if there is none; a path with a final '/' is all
// below that folder, and the empty path with a '/' all of the stage. With a
// pattern, the path is a prefix, as in ListFiles. A bare location without a
// pattern is CodeUnsafe if safe is set: clients strip comments, and
// "REMOVE @s/*.csv" arrives as "REMOVE @s".
//
// What is removed by folder or pattern is listed, and so takes READ beside WRITE.
// Without READ, a single file is removed with the same result if there is none.
func (s *Service) RemoveFiles(ctx context.Context, p Principal, loc Location, pat Pattern, safe bool) (Listing[Key], error) {
	if _, err := s.authorize(ctx, p); err != nil {
		return Listing[Key]{}, err
	}
	if safe && loc.Bare && pat.IsZero() {
		return Listing[Key]{}, Errorf(CodeUnsafe, "REMOVE %s would remove every file of the stage; "+
			"write %s to mean that, give a path or a PATTERN, or SET sql_safe_updates = 0", loc, loc.Folder())
	}
	store, reads, err := s.writable(ctx, p, loc.Stage)
	if err != nil {
		return Listing[Key]{}, err
	}
	if pat.IsZero() && !loc.IsFolder() {
		one, err := removeOne(ctx, store, loc, reads)
		return Listing[Key]{All: one, LeftOut: &LeftOut{}}, err
	}
	if !reads {
		return Listing[Key]{}, Errorf(CodeDenied, "READ on the stage %q is needed to remove files by folder or pattern, because the result names them; "+
			"WRITE is enough to remove a file by its name", loc.Stage)
	}
	files := s.matching(ctx, store, loc.Stage, ListOptions{Prefix: loc.Path, KeysOnly: true}, pat)
	return Listing[Key]{All: removeAll(ctx, store, files.All), LeftOut: files.LeftOut}, nil
}

// writable opens the store of a stage to write to, and reports whether p may also
// learn what is in it.
func (s *Service) writable(ctx context.Context, p Principal, name StageName) (store Store, reads bool, err error) {
	st, err := s.resolve(ctx, p, name, PrivilegeWrite)
	if err != nil {
		return nil, false, err
	}
	if reads, err = s.mayRead(ctx, p, st); err != nil {
		return nil, false, err
	}
	store, err = s.open(ctx, st)
	return store, reads, err
}

func (s *Service) mayRead(ctx context.Context, p Principal, st *Stage) (bool, error) {
	a, err := s.Access(ctx, p)
	return err == nil && a.stage(st).Has(PrivilegeRead), err
}

// RemoveFile removes the one file that the location names, and no other.
func (s *Service) RemoveFile(ctx context.Context, p Principal, loc Location) error {
	if _, err := s.authorize(ctx, p); err != nil {
		return err
	}
	key, err := ParseKey(loc.Path)
	if err != nil {
		return err
	}
	store, reads, err := s.writable(ctx, p, loc.Stage)
	if err != nil {
		return err
	}
	if _, err := store.Stat(ctx, key); err != nil && !(CodeOf(err) == CodeNotFound && !reads) {
		if CodeOf(err) == CodeNotFound {
			return Errorf(CodeNotFound, "there is no file %q in the stage %q", key, loc.Stage)
		}
		return err
	}
	return store.Delete(ctx, []Key{key})
}

func removeOne(ctx context.Context, store Store, loc Location, reads bool) (iter.Seq2[Key, error], error) {
	key, err := ParseKey(loc.Path)
	if err != nil {
		return nil, err
	}
	if _, err := store.Stat(ctx, key); err != nil && !(CodeOf(err) == CodeNotFound && !reads) {
		if CodeOf(err) == CodeNotFound {
			return nil, Errorf(CodeNotFound, "there is no file %q in @%s; write %s for the files in that folder, "+
				"or give a PATTERN to remove by prefix", key, loc.Stage, loc.Folder())
		}
		return nil, err
	}
	return func(yield func(Key, error) bool) {
		yield(key, store.Delete(ctx, []Key{key}))
	}, nil
}

// removeAll removes the objects of a list, which are all in the store.
func removeAll(ctx context.Context, store Store, objects iter.Seq2[Object, error]) iter.Seq2[Key, error] {
	return func(yield func(Key, error) bool) {
		batch := newRemoval(store)
		for obj, err := range objects {
			if err == nil && batch.add(obj.Key) {
				err = batch.flush(ctx, yield)
			}
			if err != nil {
				batch.fail(err, yield)
				return
			}
		}
		if err := batch.flush(ctx, yield); err != nil {
			batch.fail(err, yield)
		}
	}
}

// removal gathers keys and removes them batch by batch.
type removal struct {
	store   Store
	keys    []Key
	stopped bool // the caller wants no more
}

func newRemoval(store Store) *removal {
	return &removal{store: store, keys: make([]Key, 0, removeBatch)}
}

// add takes a key, and reports whether the batch is full.
func (b *removal) add(key Key) bool {
	b.keys = append(b.keys, Key(strings.Clone(string(key))))
	return len(b.keys) == removeBatch
}

// flush removes the batch and then yields its keys.
func (b *removal) flush(ctx context.Context, yield func(Key, error) bool) error {
	if len(b.keys) == 0 {
		return nil
	}
	if err := b.store.Delete(ctx, b.keys); err != nil {
		return err
	}
	for _, key := range b.keys {
		if yield != nil && !yield(key, nil) {
			b.stopped = true
			return errStopped
		}
	}
	b.keys = b.keys[:0]
	return nil
}

// fail yields err, unless it only says that the caller stopped.
func (b *removal) fail(err error, yield func(Key, error) bool) {
	if !b.stopped {
		yield("", err)
	}
}

var errStopped = Errorf(CodeCanceled, "the caller stopped")
