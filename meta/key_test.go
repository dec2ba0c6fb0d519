package meta

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wharf"
)

func TestFormsOfAKey(t *testing.T) {
	key := newKey()
	for _, form := range []string{
		string(key), fmt.Sprintf("%x", key), fmt.Sprintf("%X\r\n", key), base64.StdEncoding.EncodeToString(key) + "\n",
		base64.RawStdEncoding.EncodeToString(key), base64.URLEncoding.EncodeToString(key), " " + base64.RawURLEncoding.EncodeToString(key) + "\n\n",
	} {
		if got, ok := parseKey([]byte(form)); !ok || !bytes.Equal(got, key) {
			t.Errorf("%q is read as %x, %t", form, got, ok)
		}
	}
	for _, bad := range []string{"", "\n", strings.Repeat("a", 63), strings.Repeat("g", 64), string(key[:31]), string(key) + "\n", base64.StdEncoding.EncodeToString(key[:30])} {
		if got, ok := parseKey([]byte(bad)); ok {
			t.Errorf("%q is read as %x", bad, got)
		}
	}
}

// TestKeyElsewhere makes a catalog with its key in another folder: no file of the
// catalog's folder has it, and without it nothing of the secrets is given away.
func TestKeyElsewhere(t *testing.T) {
	t.Parallel()
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "key")
	key := Key{File: file}
	c := must(Open(dir, Options{Key: key}))
	s := external("s")
	create(t, c, s)
	closeNow(t, c)
	data, err := os.ReadFile(file)
	raw, ok := parseKey(data)
	if info, _ := os.Stat(file); err != nil || !ok || len(data) != 45 || info.Mode().Perm() != fileMode {
		t.Fatalf("the key file has %q, %v, mode %v", data, err, info.Mode())
	}
	secrets := [][]byte{raw, bytes.TrimSpace(data)}
	for _, secret := range secretsOf(s) {
		secrets = append(secrets, []byte(secret))
	}
	wantNone(t, dir, secrets)

	value := Key{Value: wharf.NewSecret(fmt.Sprintf("%x", raw)), From: "WHARF_KEY"}
	for _, k := range []Key{key, value} {
		c := must(Open(dir, Options{Key: k}))
		wantStage(t, "the catalog", must(c.Stage(t.Context(), "s")), s)
		closeNow(t, c)
		if err := CheckFolder(t.Context(), dir, CheckOptions{Key: k}, func(what string) { t.Error(what) }); err != nil {
			t.Error(err)
		}
	}
	before := readFile(t, dir, dbFile)
	for name, k := range map[string]Key{
		"catalog.key is missing":                  {},
		"/none is missing":                        {File: filepath.Join(filepath.Dir(file), "none")},
		"WHARF_KEY is not the key of catalog.db":  {Value: wharf.NewSecret(fmt.Sprintf("%x", newKey())), From: "WHARF_KEY"},
		"WHARF_KEY is no key: it is not 32 bytes": {Value: wharf.NewSecret("hunter2"), From: "WHARF_KEY"},
	} {
		for _, repair := range []bool{false, true} {
			if name == "catalog.key is missing" && repair {
				continue // it makes a new one, and says so
			}
			var said []string
			err := CheckFolder(t.Context(), dir, CheckOptions{Key: k, Repair: repair}, func(what string) { said = append(said, what) })
			if text := fmt.Sprint(said, err); !strings.Contains(text, name) || strings.Contains(text, "damaged") || strings.Contains(text, "hunter2") {
				t.Errorf("check, repair %t: %s; want %q", repair, text, name)
			}
		}
		if _, err := Open(dir, Options{Key: k}); wharf.CodeOf(err) != wharf.CodeInvalid || !strings.Contains(wharf.MessageOf(err), name) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open: %v; want %q", err, name)
		}
	}
	if !bytes.Equal(before, readFile(t, dir, dbFile)) {
		t.Error("the catalog was changed")
	}
}

func secretsOf(s wharf.Stage) (all []string) {
	for _, v := range secrets(s.Connection) {
		all = append(all, v.Reveal())
	}
	return all
}

// TestFindKey: the key is beside the data in its folder and below it, however it
// is called, and as a copy.
func TestFindKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	closeNow(t, open(t, dir))
	raw := readFile(t, dir, keyFile)
	elsewhere := t.TempDir()
	writeRaw(t, elsewhere, "key", raw)
	link, inner := filepath.Join(t.TempDir(), "link"), filepath.Join(elsewhere, "inner")
	if err := errors.Join(os.Symlink(dir, link), os.Symlink(filepath.Join(dir, keyFile), inner), os.Mkdir(filepath.Join(dir, "sub"), 0o700)); err != nil {
		t.Fatal(err)
	}
	value := Key{Value: wharf.NewSecret(fmt.Sprintf("%x", raw)), From: "WHARF_KEY"}
	beside := filepath.Join(dir, keyFile)
	want := func(what, dir string, k Key, want string) {
		t.Helper()
		if got, err := FindKey(dir, k); err != nil || got != want {
			t.Errorf("%s: FindKey gives %q, %v, want %q", what, got, err, want)
		}
	}
	want("catalog.key", dir, Key{}, beside)
	want("catalog.key, by a link to the folder", link, Key{}, beside)
	want("a link to it", dir, Key{File: inner}, beside)
	want("below", dir, Key{File: filepath.Join(dir, "sub", "new")}, filepath.Join(dir, "sub", "new"))
	want("below a link", dir, Key{File: filepath.Join(link, "sub", "new")}, filepath.Join(link, "sub", "new"))
	want("a copy", dir, Key{File: filepath.Join(elsewhere, "key")}, beside)
	want("a copy of a variable", dir, value, beside)
	want("no folder yet", filepath.Join(elsewhere, "none"), Key{}, filepath.Join(elsewhere, "none", keyFile))
	if err := os.Remove(filepath.Join(elsewhere, "key")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(beside, filepath.Join(elsewhere, "key")); err != nil {
		t.Fatal(err)
	}
	want("a hard link", dir, Key{File: filepath.Join(elsewhere, "key")}, beside)
	writeRaw(t, dir, keyFile+".damaged", keyText(raw))
	remove(t, dir, keyFile)
	want("a copy as text", dir, value, beside+".damaged")
	remove(t, dir, keyFile+".damaged")
	want("elsewhere", dir, Key{File: filepath.Join(elsewhere, "key")}, "")
	want("a variable", dir, value, "")
	if err := os.Symlink(filepath.Join(elsewhere, "key"), beside); err != nil {
		t.Fatal(err)
	}
	want("a link out of the folder", dir, Key{}, "")
}

// TestModeOfAKeyElsewhere: it is the operator's, and told of.
func TestModeOfAKeyElsewhere(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	file := filepath.Join(t.TempDir(), "key")
	if err := errors.Join(os.WriteFile(file, keyText(newKey()), 0o600), os.Chmod(file, 0o444)); err != nil {
		t.Fatal(err)
	}
	c := must(Open(t.TempDir(), Options{Key: Key{File: file}, Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	closeNow(t, c)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o444 || !strings.Contains(log.String(), "other users may read the key file") {
		t.Errorf("mode %v, %v, %s", info.Mode(), err, log.String())
	}
}
