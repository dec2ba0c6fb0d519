package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wharf"
	"wharf/meta"
	"wharf/meta/metatest"
	"wharf/storage/local"
)

var (
	damagePlaces = flag.Int("damage-places", 3, "how many places of each kind of file TestDamage spoils in each way")
	damageSeed   = flag.Uint64("damage-seed", 1, "seed of the places of TestDamage")
)

// holding is what a data folder holds.
type holding struct {
	stages map[wharf.StageID]wharf.Stage
	files  map[wharf.StageID]string
	named  map[string]bool // connections and file formats that can be read
}

// someFolder makes the data folder of a stopped server with all that a catalog
// can have, and with old records in its free pages.
func someFolder(t *testing.T) (dir string, all holding) {
	t.Helper()
	ctx := t.Context()
	dir = t.TempDir()
	wantServed(t, dir)
	catalog, err := meta.Open(dir, meta.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := local.Open(filepath.Join(dir, filesFolder), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	secret := wharf.Connection{AccessKeyID: wharf.NewSecret("id"), SecretAccessKey: wharf.NewSecret("a secret")}
	for i := range 20 {
		s := metatest.Stage(fmt.Sprintf("stage%02d", i))
		s.Comment = strings.Repeat("c", 150)
		if i%4 == 3 {
			s.URL, s.Connection = "s3://bucket/path/", secret
		}
		_, _, err := catalog.CreateStage(ctx, s, wharf.CreateNew)
		must(err)
		if i%4 != 3 {
			body := fmt.Sprintf("the file of %s", s.Name)
			_, err = files.Store(s.ID).Put(ctx, "f", strings.NewReader(body), wharf.PutOptions{Size: int64(len(body))})
			must(err)
		}
		if i%4 == 2 {
			_, err = catalog.DropStage(ctx, s.Name)
			must(err)
			must(files.Store(s.ID).Clear(ctx))
		}
		if i == 10 {
			must(catalog.ForgetDropped(ctx, s.ID))
		}
	}
	_, _, err = catalog.CreateConnection(ctx, wharf.NamedConnection{Name: "connection", StorageType: "s3", Connection: secret}, wharf.CreateNew)
	must(err)
	_, _, err = catalog.CreateFileFormat(ctx, wharf.NamedFormat{Name: "format", Format: wharf.FileFormat{Type: wharf.CSV}}, wharf.CreateNew)
	must(err)
	must(files.Close())
	must(catalog.Close())
	return dir, held(t, dir)
}

// names lists the names of stages.
func (h holding) names() (all []string) {
	for _, s := range h.stages {
		all = append(all, string(s.Name))
	}
	slices.Sort(all)
	return append(all, fmt.Sprint(h.named))
}

// held reads what a stopped folder holds, as far as it can be read.
func held(t *testing.T, dir string) holding {
	t.Helper()
	ctx := context.Background()
	catalog, err := meta.Open(dir, meta.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer catalog.Close()
	files, err := local.Open(filepath.Join(dir, filesFolder), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	h := holding{stages: map[wharf.StageID]wharf.Stage{}, files: map[wharf.StageID]string{}, named: map[string]bool{}}
	for i := range 20 {
		if s, err := catalog.Stage(ctx, wharf.StageName(fmt.Sprintf("stage%02d", i))); err == nil {
			h.stages[s.ID] = s
		}
	}
	all, _ := catalog.Stages(ctx, "", 1000) // also under the names that a repair gives
	for _, s := range all {
		h.stages[s.ID] = s
	}
	for id, s := range h.stages {
		if data, err := readFile(files.Store(id)); err == nil {
			h.files[id] = data
		} else if s.Internal() {
			h.files[id] = err.Error()
		}
	}
	_, err = catalog.Connection(ctx, "connection")
	h.named["connection"] = err == nil
	_, err = catalog.FileFormat(ctx, "format")
	h.named["format"] = err == nil
	return h
}

func readFile(s wharf.Store) (string, error) {
	f, err := s.Open(context.Background(), "f")
	if err != nil {
		return "", err
	}
	defer f.Close()
	r, err := f.Range(context.Background(), 0, -1)
	if err != nil {
		return "", err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	return string(data), err
}

// damages change a file.
var damages = map[string]func(data []byte, rng *rand.Rand) []byte{
	"bit": func(data []byte, rng *rand.Rand) []byte { data[rng.IntN(len(data))] ^= 1 << rng.IntN(8); return data },
	"cut": func(data []byte, rng *rand.Rand) []byte { return data[:rng.IntN(len(data))] },
	"zeros": func(data []byte, rng *rand.Rand) []byte {
		at := rng.IntN(len(data))
		clear(data[at:min(len(data), at+4096)])
		return data
	},
	"missing": nil,
}

// TestDamage spoils the catalog, its key and other files that a data folder has
// beside those of the stages, at seeded places. A check says so and exits with
// 1, unless nothing is hurt; a start serves or refuses with one line; after a
// repair the folder is whole and has all files.
func TestDamage(t *testing.T) {
	dir, all := someFolder(t)
	if status, out, errOut := runCheck("--data-dir", dir); status != 0 {
		t.Fatalf("a whole folder: status %d, %q, %q", status, out, errOut)
	}
	t.Logf("%d places of each file, seed %d", *damagePlaces, *damageSeed)
	for _, file := range []string{"catalog.db", "catalog.key", filesFolder + "/FORMAT", "tls.pem", "wharf.lock"} {
		for name, do := range damages {
			t.Run(file+"/"+name, func(t *testing.T) {
				for place := range *damagePlaces {
					rng := rand.New(rand.NewPCG(*damageSeed, uint64(place)))
					d := &damaged{t: t, file: file, do: name, all: all, dir: filepath.Join(t.TempDir(), "d")}
					d.what = fmt.Sprintf("seed %d, place %d", *damageSeed, place)
					if err := os.CopyFS(d.dir, os.DirFS(dir)); err != nil {
						t.Fatal(err)
					}
					if d.spoil(do, rng) {
						d.check()
						d.start()
						d.repair()
					}
					os.RemoveAll(d.dir)
					if t.Failed() || do == nil {
						return
					}
				}
			})
		}
	}
}

// damaged is a data folder in which one file was spoiled.
type damaged struct {
	t        *testing.T
	file, do string
	what     string
	dir      string
	all      holding
	found    string // what the check says
	whole    bool   // it finds nothing
}

func (d *damaged) errorf(format string, args ...any) {
	d.t.Helper()
	d.t.Errorf(d.what+": "+format, args...)
}

func (d *damaged) spoil(do func([]byte, *rand.Rand) []byte, rng *rand.Rand) (changed bool) {
	path := filepath.Join(d.dir, d.file)
	data, err := os.ReadFile(path)
	if err != nil {
		d.t.Fatal(err)
	}
	if do == nil {
		err = os.Remove(path)
	} else if len(data) > 0 {
		after := do(bytes.Clone(data), rng)
		if changed = !bytes.Equal(data, after); changed {
			err = os.WriteFile(path, after, 0o600)
		}
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return changed || do == nil
}

func (d *damaged) check() {
	d.t.Helper()
	before := tree(d.t, d.dir)
	status, out, errOut := runCheck("--data-dir", d.dir)
	wantSame(d.t, "a check", d.dir, before)
	d.found, d.whole = out, status == 0
	switch {
	case errOut != "" || status > 1 || status == 1 && !strings.HasSuffix(out, " found\n"):
		d.errorf("check: status %d, %q, %q", status, out, errOut)
	case status == 1 && !strings.Contains(out, filepath.Base(d.file)) && !strings.Contains(out, "catalog"):
		d.errorf("the check does not name %s: %q", d.file, out)
	case status == 0 && strings.HasPrefix(d.file, "catalog.key"), status == 0 && strings.HasSuffix(d.file, "FORMAT"):
		d.errorf("the check finds nothing")
	}
}

// start wants a start to serve what is whole, or to refuse with one line.
func (d *damaged) start() {
	d.t.Helper()
	work := filepath.Join(d.t.TempDir(), "started")
	defer os.RemoveAll(work)
	if err := os.CopyFS(work, os.DirFS(d.dir)); err != nil {
		d.t.Fatal(err)
	}
	status, errOut := serveOnce(d.t, work)
	mayRefuse := !d.whole && (strings.HasPrefix(d.file, "catalog.") || strings.HasSuffix(d.file, "FORMAT"))
	switch {
	case status == 0:
		h := held(d.t, work)
		for id, s := range h.stages {
			if s.Internal() && h.files[id] != d.all.files[id] {
				d.errorf("start: the file of %s is %q", s.Name, h.files[id])
			}
		}
		if d.whole && !reflect.DeepEqual(h, d.all) {
			d.errorf("the check finds nothing, and the folder holds %v and not %v", h.names(), d.all.names())
		}
	case !mayRefuse || strings.Count(errOut, "\n") != 1 || strings.Contains(errOut, "panic"):
		d.errorf("start: status %d, %q", status, errOut)
	}
}

// repair wants a repair to leave a folder that is whole and has all files.
func (d *damaged) repair() {
	d.t.Helper()
	_, out, errOut := runCheck("--repair", "--data-dir", d.dir)
	if status, again, errAgain := runCheck("--data-dir", d.dir); status != 0 {
		d.errorf("after the repair (%q, %q): status %d, %q, %q", out, errOut, status, again, errAgain)
		return
	}
	if status, errOut := serveOnce(d.t, d.dir); status != 0 {
		d.errorf("a start after the repair: status %d, %q", status, errOut)
		return
	}
	h := held(d.t, d.dir)
	hurt := 0
	for id, want := range d.all.stages {
		got, there := h.stages[id]
		if want.Internal() && (!there || h.files[id] != d.all.files[id]) {
			d.errorf("the repair loses the file of %s (%q, %q)", want.Name, out, h.files[id])
		}
		if !there || !reflect.DeepEqual(got, want) {
			hurt++
		}
	}
	for what, there := range d.all.named {
		if there && !h.named[what] {
			hurt++
		}
	}
	for id, s := range h.stages {
		if _, there := d.all.stages[id]; !there {
			d.errorf("the repair brings back %s (%s)", s.Name, out)
		}
	}
	if d.do == "bit" && hurt > 1 {
		d.errorf("one bit costs %d definitions: %q", hurt, out)
	}
	if d.file != "catalog.db" && d.file != "catalog.key" && hurt > 0 {
		d.errorf("%d definitions are hurt: %q", hurt, out)
	}
	if hurt > 0 && !slices.ContainsFunc(strings.Split(out, "\n"), func(line string) bool {
		return strings.Contains(line, "lost") || strings.Contains(line, "recovered_")
	}) {
		d.errorf("%d definitions are hurt, and the repair does not say so: %q", hurt, out)
	}
}
