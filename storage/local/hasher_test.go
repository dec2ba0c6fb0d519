package local

import (
	"crypto/md5"
	"encoding/hex"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// md5Of waits until nothing is owed, and gives the object's MD5.
func md5Of(t *testing.T, s *Store, key wharf.Key) string {
	t.Helper()
	if err := s.e.hash.work(); err != nil { // also done in the background, at the same time
		t.Fatal(err)
	}
	o, err := s.Stat(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return o.MD5
}

func TestMD5ComesAtOnceOrLater(t *testing.T) {
	s := openEngine(t, t.TempDir(), Options{SegmentSize: 1 << 20}).Store(stageOne)
	for _, size := range []int{0, 1, md5AtOnce, md5AtOnce + 1, smallMax, smallMax + 1, 3*chunkSize + 5} {
		data := randomBytes(size)
		sum := md5.Sum(data)
		want := hex.EncodeToString(sum[:])
		if o := put(t, s, "f", data); o.MD5 != want && (o.MD5 != "" || size <= md5AtOnce) {
			t.Errorf("%d bytes: Put says %q, want %q", size, o.MD5, want)
		}
		if got := md5Of(t, s, "f"); got != want {
			t.Errorf("%d bytes: %q, want %q", size, got, want)
		}
	}
}

func TestMD5IsOwedAcrossRestarts(t *testing.T) {
	mem := vfs.NewCrashableMem()
	e := openEngine(t, "data", tinyOptions(mem))
	e.hash.close() // as if it had not come to it
	e.hash.init(e)
	data := randomBytes(md5AtOnce + 1)
	if o := put(t, e.Store(stageOne), "f", data); o.MD5 != "" {
		t.Fatalf("MD5 %q too early for this test", o.MD5)
	}
	e.hash.start()
	sum := md5.Sum(data)
	after := openEngine(t, "data", tinyOptions(mem.CrashClone(vfs.CrashCloneCfg{})))
	if got, want := md5Of(t, after.Store(stageOne), "f"), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("after a restart: %q, want %q", got, want)
	}
}
