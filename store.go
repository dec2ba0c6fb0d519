package wharf

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"
)

// Store holds the files of one stage. It is safe for concurrent use.
//
// Atomicity: readers of a key see the old object or the whole new one, never
// a mixture and never a part. Order: what a call that returned did is seen by
// every call that starts after it, List included.
//
// Every method ends soon after its context does, with [CodeCanceled] or
// [CodeTimeout]. Besides the codes named at each method, a failure of the
// store itself is [CodeInternal] for one on this server's disk and
// [CodeUpstream] for one behind the network.
type Store interface {
	// Put stores what r yields under key, replacing what is there, and
	// returns what it stored. It is all or nothing, also after a crash: when
	// it returns nil, the object survives the loss of power; when it returns
	// an error, nothing is stored and what was there before is untouched.
	//
	// An error of r comes back with its code. A length other than
	// o.Size is CodeInvalid, one over o.Limit CodeTooLarge, an existing key
	// under o.IfAbsent CodePrecondition, a full disk or a stage that would be
	// over o.Quota CodeNoSpace. Put reads r no further than it must, and never
	// after it returned.
	//
	// It takes a reader and not a WriteCloser, because a Close that publishes
	// cannot be aborted.
	Put(ctx context.Context, key Key, r io.Reader, o PutOptions) (Object, error)

	// Open opens the object under key. What it returns is one version of the
	// object to the end, also when the key is overwritten or removed
	// meanwhile, or fails; it never mixes versions. CodeNotFound if there is
	// none.
	Open(ctx context.Context, key Key) (File, error)

	// Stat returns what is known of the object under key. CodeNotFound if
	// there is none.
	Stat(ctx context.Context, key Key) (Object, error)

	// List yields the objects whose keys start with o.Prefix and come after
	// o.After, in byte order of key, page by page and in constant memory. An
	// error is yielded once, last. Objects that are put or deleted while the
	// list runs may or may not be in it; all others are, once. o.Unnamed gets
	// the objects that no Key can name, at their place in the order.
	List(ctx context.Context, o ListOptions) iter.Seq2[Object, error]

	// Delete removes the objects under keys. A key without an object is not
	// an error. Each object is whole or gone; if Delete returns an error,
	// some of them may be gone and some not. What it removed stays removed
	// after the loss of power.
	Delete(ctx context.Context, keys []Key) error
}

// Object is what a Store knows of one file.
type Object struct {
	Key     Key
	Size    int64 // bytes
	ETag    string
	MD5     string // 32 hexadecimal digits, or "" while it is not known
	ModTime time.Time
}

// PutOptions says what is known of an object before its bytes arrive, and
// under which condition it may be stored.
type PutOptions struct {
	// Size is the length in bytes that the reader must have, or UnknownSize.
	Size int64
	// Limit is the most bytes that may be stored; 0 is no limit. A longer
	// reader fails the Put with CodeTooLarge.
	Limit int64
	// IfAbsent stores only where no object has the key; else the Put fails
	// with CodePrecondition.
	IfAbsent bool
	// Quota is the most that the store may hold with this object. A [Meter]
	// asks [Quota.Check] in the same commit that publishes the object, with its
	// own usage of that moment: so no number of Puts at once brings it over. An
	// object that is replaced counts as removed. Other Stores ignore it.
	Quota Quota
	// Unseen has an object that is replaced count as still there, so that whether
	// there is room tells nothing of it to whoever must not know.
	Unseen bool
}

// UnknownSize is the Size of a body whose length was not declared.
const UnknownSize = -1

// ErrReplaced is the cause of an error of Range where the version is gone,
// because the store cannot keep it open: a caller that has not used any of its
// bytes yet can Open the object again.
var ErrReplaced = errors.New("the object was replaced or removed while it was open")

// File is an open version of an object. Its methods may be called
// concurrently.
type File interface {
	// Object returns what is known of the version that is open.
	Object() Object
	// Range reads n bytes from offset off; n < 0 reads to the end. Bytes are
	// verified before they are handed out: a damaged file gives CodeInternal,
	// never wrong data. A range that is not within the object is CodeRange;
	// the empty range at the very end is within it.
	Range(ctx context.Context, off, n int64) (io.ReadCloser, error)
	// Close releases the version. Readers from Range are closed first.
	Close() error
}

// ListOptions narrows a List. The zero value lists all.
type ListOptions struct {
	Prefix string // keys start with it
	After  Key    // keys come after it in byte order
	// KeysOnly says that only the Key of each object is used: a Store may
	// leave out the rest if that is cheaper.
	KeysOnly bool
	// Unnamed, where it is not nil, is called with the name of each object in
	// the range that has no Key, because other programs chose the name, and of
	// each symbolic link that cannot be followed within the stage: after
	// the object before it was yielded, and before the one after it. It is not
	// called for an empty object whose name ends in '/', which is how consoles
	// of S3 show a folder.
	Unnamed func(name string)
}

// KeyOf returns the Key of an object with that name below the stage's root and
// that many bytes, and whether a List with these options yields it. If only
// its name keeps it out, it is told to o.Unnamed.
func (o ListOptions) KeyOf(name string, size int64) (Key, bool) {
	key, err := ParseKey(name)
	if err != nil {
		o.TellUnnamed(name, size)
		return "", false
	}
	return key, key > o.After
}

// TellUnnamed calls o.Unnamed with the name of an object, unless it stands for a folder or
// does not come after o.After.
func (o ListOptions) TellUnnamed(name string, size int64) {
	folder := size == 0 && (name == "" || strings.HasSuffix(name, "/"))
	if o.Unnamed != nil && !folder && (o.After == "" || name > string(o.After)) {
		o.Unnamed(name)
	}
}

// Opener finds the Store of a stage. It is safe for concurrent use.
type Opener interface {
	// Check reports whether Open could work for the stage's definition, without
	// asking the network: an unknown scheme, a URL that the server's settings
	// do not allow, a missing key are CodeInvalid, CodeDenied or
	// CodeUnsupported.
	Check(s Stage) error
	// Open returns the stage's Store. The Store stays valid while the Opener
	// is open; Open is cheap when called again for the same revision of a
	// stage. The definition is shared: Open does not change it.
	Open(ctx context.Context, s *Stage) (Store, error)
}

// What follows are extras that a Store may have, found by type assertion.

// Clearer is a Store that can remove everything it holds at once, cheaper
// than by List and Delete. It is called for a dropped stage only, and may be
// called again after an error or a crash.
type Clearer interface {
	Clear(ctx context.Context) error
}

// Batcher is a Store that can store several objects at once.
type Batcher interface {
	// PutAll stores the files, each as Put does, and returns what it stored. It
	// is all or nothing also for all of them together, after a crash too: a
	// List that starts after one of them is seen has them all. A key that is
	// there twice is CodeInvalid. A Meter asks the Quota of each with the usage
	// before the first and after the last of them.
	PutAll(ctx context.Context, files []NewFile) ([]Object, error)
}

// NewFile is a file that is to be stored.
type NewFile struct {
	Key     Key
	Options PutOptions
	Open    func() (io.ReadCloser, error) // called once, when it is this file's turn
}

// Budgeter is a Store that knows how much memory a Put of size bytes, or
// UnknownSize, holds at most, in bytes. Admission counts with it.
type Budgeter interface {
	PutMemory(size int64) int64
}

// Localizer is a Store whose objects are files of this machine, or can be made
// such: what an engine needs that opens files itself.
type Localizer interface {
	// Local opens the object under key as a file of this machine.
	// CodeNotFound if there is no object.
	Local(ctx context.Context, key Key) (LocalFile, error)
}

// LocalFile is an open version of an object as a file of this machine. Its
// methods may be called concurrently, except Close, which is the last.
type LocalFile interface {
	// Object returns what is known of the version that is open.
	Object() Object
	// Link makes a hard link to the file under path. The link has exactly the
	// object's bytes, as far as they were fetched, also when the object is
	// replaced or removed meanwhile. It fails where the file is on another
	// file system or cannot be linked: then the caller copies it with
	// [Store.Open].
	Link(path string) error
	// Whole waits until all bytes that were read through a link are known to
	// be those that were stored. A damaged file is CodeInternal: what was
	// made of its bytes is not to be used.
	Whole(ctx context.Context) error
	// Close releases the file. Its links stay.
	Close() error
}

// PartialFile is a LocalFile whose bytes are elsewhere until they are fetched.
// Until then they read as zeros.
type PartialFile interface {
	LocalFile
	// Fetch returns when the bytes of these ranges are in the file and
	// verified; without ranges, all bytes. [ErrReplaced] is the cause of an
	// error where the version is gone; CodeNoSpace is a full disk.
	Fetch(ctx context.Context, ranges ...ByteRange) error
}

// ByteRange is a part of a file, in bytes.
type ByteRange struct{ Off, Len int64 }

// Usage is how much a stage holds.
type Usage struct {
	Files int64
	Bytes int64
}

// Meter is a Store that knows how much it holds, exactly: what every call that
// returned has stored and removed is counted. It does not list to find out.
type Meter interface {
	Usage(ctx context.Context) (Usage, error)
}

// Placer is a Store whose files another Store may have too. Place returns where
// the keys that start with prefix are, so that files that two stages share can
// be recognized. It does not ask the network.
type Placer interface {
	Place(prefix string) Place
}

// Place is where files are, whatever stage they are reached by.
type Place struct {
	Space string // what holds them: paths in two spaces have nothing to do with each other
	Path  string // what the paths of all of them start with
}

// meets reports whether there may be files in both.
func (p Place) meets(q Place) bool {
	return p.Space == q.Space && (strings.HasPrefix(p.Path, q.Path) || strings.HasPrefix(q.Path, p.Path))
}
