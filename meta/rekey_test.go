package meta

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"wharf"
)

// The variables of a child that changes the key of a catalog.
const (
	rekeyDir = "WHARF_META_REKEY_DIR"
	rekeyNew = "WHARF_META_REKEY_NEW"
)

// rekeyChild makes all its system calls on one thread, whose calls strace counts.
func rekeyChild(dir string) {
	runtime.LockOSThread()
	if err := Rekey(context.Background(), dir, RekeyOptions{NewFile: os.Getenv(rekeyNew)}); err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
}

// sealed is a closed catalog with a secret of each kind, and what is in it.
type sealedCatalog struct {
	dir      string
	stages   []wharf.Stage
	dropped  wharf.Stage
	signing  []wharf.SigningKey
	user     wharf.User
	old      [][]byte // what may be on no page under a new key
	internal wharf.Stage
}

func newSealedCatalog(t *testing.T) *sealedCatalog {
	t.Helper()
	s := &sealedCatalog{dir: t.TempDir(), user: user("ann"), internal: stage("internal")}
	c := open(t, s.dir)
	for i := range 12 {
		v := external(fmt.Sprintf("s%02d", i))
		create(t, c, v)
		s.stages = append(s.stages, v)
	}
	create(t, c, s.internal)
	create(t, c, external("gone")) // whose record stays on a page that is free
	must(c.DropStage(t.Context(), "gone"))
	create(t, c, stage("dropped"))
	s.dropped = must(c.DropStage(t.Context(), "dropped"))
	if _, _, err := c.CreateConnection(t.Context(), connectionNamed("one"), wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.CreateFileFormat(t.Context(), formatNamed("one"), wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	s.signing = must(c.UpdateSigningKeys(t.Context(), func([]wharf.SigningKey) []wharf.SigningKey {
		return []wharf.SigningKey{{ID: "a", Secret: wharf.NewSecret("signing"), CreatedOn: s.internal.CreatedOn}}
	}))
	s.user.Applied = wharf.NewSecret("the hash that was applied")
	s.user.Tokens = []wharf.Token{{Name: "a token", CreatedOn: s.internal.CreatedOn, Expires: s.internal.CreatedOn}}
	changeUsers(t, c, func(all []wharf.User) []wharf.User { return append(all, s.user) })
	closeNow(t, c)
	s.old = oldSecrets(t, s.dir)
	return s
}

var sealedField = regexp.MustCompile(`"(access_key_id|secret_access_key|session_token|external_id|secret|hash|applied)":"(A[Q-Za-f][A-Za-z0-9+/=]{38,})"`) // of seals of version 1

// oldSecrets returns each sealed value in a catalog, on pages in use or not, and its key.
func oldSecrets(t *testing.T, dir string) [][]byte {
	t.Helper()
	var found [][]byte
	for _, m := range sealedField.FindAllSubmatch(readFile(t, dir, dbFile), -1) {
		found = append(found, m[2])
	}
	if len(found) < 12*4+1+1 {
		t.Fatalf("%d sealed values were found", len(found))
	}
	found = append(found, salvageRecords(readFile(t, dir, dbFile)).payload(bucketSelf, keyCheck))
	return append(found, readFile(t, dir, keyFile))
}

// wantNone wants no file below the folder to hold one of the values.
func wantNone(t *testing.T, dir string, values [][]byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, v := range values {
			if bytes.Contains(data, v) {
				t.Errorf("%s holds %.20q…", path, v)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// want wants all that was in the catalog to be in it under this key.
func (s *sealedCatalog) want(t *testing.T, dir string, key Key) {
	t.Helper()
	c, err := Open(dir, Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range s.stages {
		wantStage(t, "the catalog", must(c.Stage(t.Context(), v.Name)), v)
	}
	wantStage(t, "the catalog", must(c.Stage(t.Context(), "internal")), s.internal)
	if all := must(c.Stages(t.Context(), "", 100)); len(all) != len(s.stages)+1 {
		t.Errorf("there are %d stages", len(all))
	}
	wantDropped(t, c, s.dropped)
	if got := must(c.Connection(t.Context(), "one")); got.Connection != connectionNamed("one").Connection {
		t.Error("the connection is another")
	}
	must(c.FileFormat(t.Context(), "one"))
	if got := must(c.SigningKeys(t.Context())); !reflect.DeepEqual(got, s.signing) {
		t.Errorf("the signing keys are %+v", got)
	}
	if got := byName(t, must(c.Users(t.Context())), "ann"); !reflect.DeepEqual(got, s.user) {
		t.Errorf("the user is %+v", got)
	}
	closeNow(t, c)
}

func (s *sealedCatalog) copy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{dbFile, keyFile} {
		writeRaw(t, dir, name, readFile(t, s.dir, name))
	}
	return dir
}

func TestRekeyInPlace(t *testing.T) {
	t.Parallel()
	s := newSealedCatalog(t)
	s.want(t, s.dir, Key{})
	wantSaid(t, mustRekey(t, s.dir, RekeyOptions{}), "new key, which is in catalog.key")
	s.want(t, s.dir, Key{})
	wantNone(t, s.dir, s.old)
	wantWhole(t, s.dir)

	// A link to the key stays one, and so does a key that is text.
	elsewhere := filepath.Join(t.TempDir(), "key")
	key, _ := parseKey(readFile(t, s.dir, keyFile))
	writeRaw(t, filepath.Dir(elsewhere), "key", keyText(key))
	remove(t, s.dir, keyFile)
	if err := os.Symlink(elsewhere, filepath.Join(s.dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	mustRekey(t, s.dir, RekeyOptions{})
	s.want(t, s.dir, Key{})
	s.want(t, s.dir, Key{File: elsewhere})
	now := readFile(t, filepath.Dir(elsewhere), "key")
	if to, err := os.Readlink(filepath.Join(s.dir, keyFile)); err != nil || to != elsewhere || len(now) != 45 || bytes.Equal(now, keyText(key)) {
		t.Errorf("catalog.key leads to %q, %v, with %d bytes", to, err, len(now))
	}
}

func mustRekey(t *testing.T, dir string, o RekeyOptions) string {
	t.Helper()
	var said []string
	o.Done = func(what string) { said = append(said, what) }
	if err := Rekey(t.Context(), dir, o); err != nil {
		t.Fatal(err)
	}
	return strings.Join(said, "\n")
}

func wantSaid(t *testing.T, said string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(said, w) {
			t.Errorf("it says %q and not %q", said, w)
		}
	}
}

// TestRekeyFromAnySource goes from each source to a file elsewhere.
func TestRekeyFromAnySource(t *testing.T) {
	t.Parallel()
	s := newSealedCatalog(t)
	key, _ := parseKey(readFile(t, s.dir, keyFile))
	text := filepath.Join(t.TempDir(), "old")
	writeRaw(t, filepath.Dir(text), "old", fmt.Appendf(nil, "%x\n", key))
	for name, from := range map[string]Key{
		"catalog.key": {}, "a file": {File: text}, "a variable": {Value: wharf.NewSecret(string(keyText(key))), From: "WHARF_KEY"},
	} {
		dir, file := s.copy(t), filepath.Join(t.TempDir(), "new")
		if name != "catalog.key" {
			remove(t, dir, keyFile)
		}
		writeRaw(t, dir, dbFile+".damaged", []byte("x"))
		said := mustRekey(t, dir, RekeyOptions{Key: from, NewFile: file})
		wantSaid(t, said, "made a new key in "+file, "sealed with the key in "+file, dbFile+".damaged, which a repair kept")
		if name == "catalog.key" {
			wantSaid(t, said, "the old key catalog.key is removed")
		}
		s.want(t, dir, Key{File: file})
		s.want(t, dir, Key{Value: wharf.NewSecret(string(readFile(t, filepath.Dir(file), "new"))), From: "WHARF_KEY"})
		wantNone(t, dir, s.old)
		if _, err := Open(dir, Options{Key: from}); wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("%s: the old key: %v", name, err)
		}
		// Once more is done already; the other way round it is another key.
		wantSaid(t, mustRekey(t, dir, RekeyOptions{Key: from, NewFile: file}), "sealed with the key in "+file)
		err := Rekey(t.Context(), dir, RekeyOptions{Key: Key{File: file}, NewFile: file})
		if wharf.CodeOf(err) != wharf.CodeInvalid || !strings.Contains(wharf.MessageOf(err), "is the present one") {
			t.Errorf("%s: to the present key: %v", name, err)
		}
	}
	if readFile(t, filepath.Dir(text), "old") == nil {
		t.Error("a key elsewhere was removed")
	}
}

// TestRekeyRefuses changes nothing.
func TestRekeyRefuses(t *testing.T) {
	t.Parallel()
	s := newSealedCatalog(t)
	folder := t.TempDir()
	writeRaw(t, folder, "bad", []byte("no key"))
	writeRaw(t, folder, "other", newKey())
	for name, o := range map[string]RekeyOptions{
		"is not the key of catalog.db": {Key: Key{File: filepath.Join(folder, "other")}},
		"bytes, not 32":                {NewFile: filepath.Join(folder, "bad")},
		"":                             {NewFile: filepath.Join(folder, "no folder", "new")},
		"is missing":                   {Key: Key{File: filepath.Join(folder, "none")}},
		"is no key":                    {Key: Key{Value: wharf.NewSecret("short"), From: "WHARF_KEY"}},
	} {
		if err := Rekey(t.Context(), s.dir, o); err == nil || !strings.Contains(wharf.MessageOf(err), name) {
			t.Errorf("%q: %v", name, err)
		}
	}
	c := open(t, s.dir)
	err := Rekey(t.Context(), s.dir, RekeyOptions{})
	wantCode(t, "a catalog in use", err, wharf.CodeUnavailable)
	closeNow(t, c)
	s.want(t, s.dir, Key{})
	names, err := filepath.Glob(filepath.Join(s.dir, "*"))
	if err != nil || len(names) != 2 {
		t.Errorf("the folder holds %q, %v", names, err)
	}
}

// TestEveryBucketIsSealedAnew fails when a bucket is added whose secrets a rekey
// would leave as they are.
func TestEveryBucketIsSealedAnew(t *testing.T) {
	for _, name := range buckets {
		if _, ok := reseals[name]; !ok && name != bucketSelf {
			t.Errorf("reseals does not say how the records of %s are sealed anew; nil is for those without secrets", name)
		}
	}
}

// TestKilledRekey has strace kill a rekey at each of its syncs, renames and
// removals. A server that starts then finds the old catalog with the old key or
// the new one with the new key, and all that was in it; and a rekey can be done.
func TestKilledRekey(t *testing.T) {
	t.Parallel()
	s := newSealedCatalog(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, inPlace := range []bool{true, false} {
		news, kills := 0, 0
		for _, call := range []string{"fsync", "fdatasync", "renameat", "unlinkat"} {
			for n := 1; ; n++ { // strace counts each call by itself
				dir, file := s.copy(t), ""
				if !inPlace {
					file = filepath.Join(t.TempDir(), "new")
				}
				cmd := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-e", fmt.Sprintf("inject=?%s:signal=SIGKILL:when=%d", call, n), exe)
				cmd.Env = append(os.Environ(), rekeyDir+"="+dir, rekeyNew+"="+file)
				out, err := cmd.CombinedOutput()
				if err == nil {
					break
				}
				var exit *exec.ExitError
				if len(out) > 0 || !errors.As(err, &exit) || n > 100 {
					t.Fatalf("strace, which make tools installs: %v\n%s", err, out)
				}
				news += s.wantAfterKill(t, dir, file)
				kills++
			}
		}
		if kills < 10 || news == 0 || news == kills {
			t.Errorf("in place %t: %d kills, of which %d left the new key", inPlace, kills, news)
		}
	}
}

// wantAfterKill starts with what a killed rekey left. It returns 1 for the new
// key, 0 for the old one.
func (s *sealedCatalog) wantAfterKill(t *testing.T, dir, file string) (isNew int) {
	t.Helper()
	key := Key{}
	if err := CheckFolder(t.Context(), dir, CheckOptions{}, func(what string) {
		if file == "" {
			t.Errorf("a check finds %q", what)
		}
	}); err != nil {
		t.Error(err)
	}
	if c, err := Open(dir, Options{}); err == nil {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	} else {
		key.File = file
	}
	s.want(t, dir, key)
	if data, err := os.ReadFile(filepath.Join(dir, keyFile)); key.File != "" || err != nil || !bytes.Equal(data, readFile(t, s.dir, keyFile)) {
		isNew = 1
		if file == "" {
			wantNone(t, dir, s.old)
		}
	}
	mustRekey(t, dir, RekeyOptions{NewFile: file})
	s.want(t, dir, Key{File: file})
	wantNone(t, dir, s.old)
	if left, err := filepath.Glob(filepath.Join(dir, "*.n*")); err != nil || len(left) > 0 {
		t.Errorf("left are %q, %v", left, err)
	}
	return isNew
}
