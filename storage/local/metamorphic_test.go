package local_test

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
	"wharf/storage/local"
	"wharf/storage/local/fsck"
)

// TestConfigurationsAgree applies the same random histories to engines with other
// segments and borders, and to such as are restarted, killed, compacted, rebuilt
// and repaired in between. All give the same answers.
func TestConfigurationsAgree(t *testing.T) {
	histories := uint64(60)
	if local.RaceDetector || testing.Short() {
		histories = 5
	}
	for seed := range histories {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			story := newStory(rand.New(rand.NewPCG(seed, 1)))
			var want []string
			for i, c := range configurations() {
				got := c.run(t, story, rand.New(rand.NewPCG(seed, 2)))
				if i == 0 {
					want = got
				}
				for n := range max(len(got), len(want)) {
					if n >= len(got) || n >= len(want) || got[n] != want[n] {
						t.Fatalf("%s, seed %d: answer %d of %d is\n%s\nand %s gives\n%s",
							c.name, seed, n, len(got), got[min(n, len(got)-1)], configurations()[0].name, want[min(n, len(want)-1)])
					}
				}
			}
		})
	}
}

// configuration is an engine, and what comes between the calls of a story.
type configuration struct {
	name    string
	options func(o local.Options) local.Options
	between []func(*run)
}

func configurations() []configuration {
	same := func(o local.Options) local.Options { return o }
	tiny := func(o local.Options) local.Options { return local.TinyOptions(o.FS) }
	still := func(o local.Options) local.Options { return local.TinyOptions(o.FS).WithoutCompactor() }
	const large = 256 << 10
	return []configuration{
		{"a large segment", same, nil},
		{"tiny segments", tiny, nil},
		{"all in files", func(o local.Options) local.Options { return tiny(o).Configured(1, 2) }, []func(*run){(*run).compact, (*run).restart}},
		{"all in the log", func(o local.Options) local.Options { return tiny(o).Configured(large, 2) }, []func(*run){(*run).compact, (*run).restart}},
		{"restarts", same, []func(*run){(*run).restart}},
		{"kills", tiny, []func(*run){(*run).kill}},
		{"compactions", tiny, []func(*run){(*run).compact}},
		{"compactions of any segment", still, []func(*run){(*run).compactOne}},
		{"new indexes", tiny, []func(*run){(*run).newIndex, (*run).compact}},
		{"damaged indexes", tiny, []func(*run){(*run).spoilIndex}},
		{"repairs", still, []func(*run){(*run).repair, (*run).compactOne}},
		{"all of it", tiny, []func(*run){
			(*run).restart, (*run).kill, (*run).compact, (*run).newIndex, (*run).spoilIndex, (*run).repair, (*run).hash,
		}},
	}
}

// step is one call of a story. It adds what it was answered to the run.
type step func(r *run)

// newStory makes up some calls.
func newStory(rng *rand.Rand) (story []step) {
	key := func() wharf.Key { return wharf.Key(fmt.Sprintf("%c/%d", 'a'+rng.IntN(3), rng.IntN(5))) }
	for range 60 {
		stage := stages[rng.IntN(len(stages))]
		switch n := rng.IntN(20); {
		case n < 9:
			k, data, o := key(), someBytes(rng), wharf.PutOptions{Size: wharf.UnknownSize, IfAbsent: rng.IntN(4) == 0}
			story = append(story, func(r *run) { r.put(stage, k, data, o) })
		case n < 11:
			files := map[wharf.Key][]byte{}
			for range 1 + rng.IntN(4) {
				files[key()] = someBytes(rng)
			}
			story = append(story, func(r *run) { r.putAll(stage, files) })
		case n < 14:
			keys := []wharf.Key{key(), key(), key()}
			story = append(story, func(r *run) { r.answer("delete %q: %s", keys, code(r.store(stage).Delete(bg, keys))) })
		case n < 15 && rng.IntN(2) == 0:
			story = append(story, func(r *run) { r.answer("clear: %s", code(r.store(stage).Clear(bg))) })
		case n < 18:
			k, off, length := key(), rng.Int64N(3000), rng.Int64N(70_000)
			story = append(story, func(r *run) { r.read(stage, k, off, length) })
		default:
			o := wharf.ListOptions{KeysOnly: rng.IntN(3) == 0}
			if o.Prefix = []string{"", "a", "b/", "c/1"}[rng.IntN(4)]; rng.IntN(2) == 0 {
				o.After = key()
			}
			story = append(story, func(r *run) { r.list(stage, o) })
		}
	}
	return story
}

// someBytes makes up a body, around the lengths at which it is stored otherwise.
func someBytes(rng *rand.Rand) []byte {
	size := []int{0, 1, 100, 1999, 2000, 2001, 5000, 16 << 10, 16<<10 + 1, 64 << 10, 64<<10 + 1, 150_000, 256 << 10, 256<<10 + 1}[rng.IntN(14)]
	if size > 10_000 && rng.IntN(3) > 0 {
		size = rng.IntN(3000)
	}
	data := make([]byte, size)
	fill := byte(rng.Uint32())
	for i := range data {
		data[i] = fill + byte(i>>8)
	}
	return data
}

// run is a story on its way through one configuration.
type run struct {
	t        *testing.T
	c        configuration
	rng      *rand.Rand
	disk     *local.CrashDisk
	e        *local.Engine
	answers  []string
	versions map[string]version // by ETag
	last     string             // the ETag that was given out last
}

// version is what was stored once.
type version struct {
	number int
	object wharf.Object
	md5    string
}

func (c configuration) run(t *testing.T, story []step, rng *rand.Rand) []string {
	r := &run{t: t, c: c, rng: rng, disk: local.NewCrashDisk(), versions: map[string]version{}}
	r.open()
	for _, do := range story {
		do(r)
		if len(c.between) > 0 && rng.IntN(6) == 0 {
			c.between[rng.IntN(len(c.between))](r)
		}
	}
	r.hash()
	for _, stage := range stages {
		r.list(stage, wharf.ListOptions{})
		for o, err := range r.store(stage).List(bg, wharf.ListOptions{}) {
			r.do(err)
			r.read(stage, o.Key, 0, 1<<20)
			r.answer("%s has the MD5 %s", o.Key, o.MD5)
		}
	}
	r.do(r.e.Close())
	return r.answers
}

func (r *run) do(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatalf("%s: %v", r.c.name, err)
	}
}

func (r *run) options() local.Options {
	return r.c.options(local.Options{FS: local.Mortal{FS: r.disk}, SegmentSize: 1 << 20})
}

func (r *run) open() {
	r.t.Helper()
	var err error
	r.e, err = local.Open("data", r.options())
	r.do(err)
}

func (r *run) store(stage wharf.StageID) *local.Store { return r.e.Store(stage) }

func (r *run) answer(format string, args ...any) {
	r.answers = append(r.answers, fmt.Sprintf(format, args...))
}

// code is an error as all configurations have it.
func code(err error) string {
	if err == nil {
		return "ok"
	}
	return string(wharf.CodeOf(err))
}

// stored takes note of a version. Each has an ETag above the last.
func (r *run) stored(o wharf.Object, data []byte) {
	if o.ETag <= r.last {
		r.t.Errorf("%s: the ETag %s comes after %s", r.c.name, o.ETag, r.last)
	}
	r.last = o.ETag
	sum := md5.Sum(data)
	r.versions[o.ETag] = version{len(r.versions), o, hex.EncodeToString(sum[:])}
}

// describe names an object by the version that it is. What is known of it must be
// what the upload was told.
func (r *run) describe(o wharf.Object) string {
	v, ok := r.versions[o.ETag]
	switch {
	case !ok:
		return fmt.Sprintf("%q is none that was stored: %v", o.Key, o)
	case o.Key != v.object.Key || o.Size != v.object.Size || !o.ModTime.Equal(v.object.ModTime) || o.MD5 != "" && o.MD5 != v.md5:
		return fmt.Sprintf("%v is not what was stored: %v", o, v.object)
	}
	return fmt.Sprintf("%q, version %d, %d bytes", o.Key, v.number, o.Size)
}

func (r *run) put(stage wharf.StageID, key wharf.Key, data []byte, o wharf.PutOptions) {
	object, err := r.store(stage).Put(bg, key, bytes.NewReader(data), o)
	if err == nil {
		r.stored(object, data)
	}
	r.answer("put %q of %d: %s", key, len(data), code(err))
}

func (r *run) putAll(stage wharf.StageID, files map[wharf.Key][]byte) {
	var list []wharf.NewFile
	for key, data := range files {
		list = append(list, wharf.NewFile{Key: key, Options: wharf.PutOptions{Size: int64(len(data))},
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }})
	}
	slices.SortFunc(list, func(a, b wharf.NewFile) int { return strings.Compare(string(a.Key), string(b.Key)) })
	objects, err := r.store(stage).PutAll(bg, list)
	for _, o := range objects {
		r.stored(o, files[o.Key])
	}
	r.answer("put all of %d: %s", len(list), code(err))
}

func (r *run) list(stage wharf.StageID, o wharf.ListOptions) {
	usage, err := r.store(stage).Usage(bg)
	r.do(err)
	r.answer("list %+v of %v", o, usage)
	for object, err := range r.store(stage).List(bg, o) {
		r.do(err)
		if o.KeysOnly {
			r.answer("- %s", object.Key)
		} else {
			r.answer("- %s", r.describe(object))
		}
	}
}

func (r *run) read(stage wharf.StageID, key wharf.Key, off, length int64) {
	object, err := r.store(stage).Stat(bg, key)
	if err != nil {
		r.answer("stat %q: %s", key, code(err))
		return
	}
	f, err := r.store(stage).Open(bg, key)
	r.do(err)
	defer f.Close()
	if got := f.Object(); got.ETag != object.ETag {
		r.t.Errorf("%s: %v is open, and %v was found", r.c.name, got, object)
	}
	part, err := f.Range(bg, off, length)
	if err != nil {
		r.answer("%s, from %d: %s", r.describe(object), off, code(err))
		return
	}
	defer part.Close()
	data, err := io.ReadAll(part)
	r.do(err)
	r.answer("%s, %d bytes from %d: %x", r.describe(object), len(data), off, md5.Sum(data))
}

// What comes between.

func (r *run) restart() {
	r.do(r.e.Close())
	r.open()
}

func (r *run) kill() {
	after := r.disk.Crash(0, nil) // all that was answered was synced
	r.do(r.e.Close())
	r.disk = after
	r.open()
}

func (r *run) compact() { r.do(local.Compact(r.e)) }

func (r *run) hash() { r.do(local.HashOwed(r.e)) }

func (r *run) compactOne() {
	if all := local.Segments(r.e); len(all) > 0 {
		r.do(local.CompactSegment(r.e, all[r.rng.IntN(len(all))]))
	}
}

func (r *run) newIndex() {
	r.do(r.e.Close())
	r.do(r.disk.RemoveAll("data/index"))
	r.open()
}

// spoilIndex clears a file of the index.
func (r *run) spoilIndex() {
	r.do(r.e.Close())
	names, err := r.disk.List("data/index")
	r.do(err)
	slices.Sort(names)
	path := "data/index/" + names[r.rng.IntN(len(names))]
	info, err := r.disk.Stat(path)
	r.do(err)
	f, err := r.disk.Create(path, vfs.WriteCategoryUnspecified)
	r.do(err)
	_, err = f.Write(make([]byte, info.Size()))
	r.do(errors.Join(err, f.Sync(), f.Close()))
	r.open()
}

// repair checks the folder, which is sound, and puts a segment aside as if it were
// damaged.
func (r *run) repair() {
	r.do(r.e.Close())
	o := fsck.Options{Open: r.options(), Repair: true}
	r.do(fsck.Check(bg, "data", o, func(f fsck.Finding) { r.t.Errorf("%s: a check: %v", r.c.name, f) }))
	p, err := local.OpenRepairer("data", r.rng.IntN(2) == 0, r.options())
	r.do(err)
	if all := local.SegmentsOf(p); len(all) > 0 {
		r.do(p.Evacuate(bg, all[r.rng.IntN(len(all))]))
	}
	r.do(p.Close())
	r.open()
}
