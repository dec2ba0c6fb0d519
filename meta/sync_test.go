package meta

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"wharf"
)

const syncDir = "WHARF_META_SYNC_DIR"

// syncChild changes a catalog in each way, and says after each call that it has
// returned: what was done until then has to be on the disk.
func syncChild(dir string) {
	if err := changeAll(dir); err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
}

func changeAll(dir string) error {
	ctx := context.Background()
	c, err := Open(dir, Options{})
	fmt.Println("done open")
	if err != nil {
		return err
	}
	do := func(what string, e error) {
		fmt.Println("done", what)
		err = errors.Join(err, e)
	}
	for i := range 8 {
		s := external(fmt.Sprintf("s%d", i))
		s.Comment = strings.Repeat("a long comment ", 500) // so that the file grows
		_, _, e := c.CreateStage(ctx, s, wharf.CreateNew)
		do("create", e)
	}
	_, e := c.DropStage(ctx, "s3")
	do("drop", e)
	_, _, e = c.CreateConnection(ctx, connectionNamed("one"), wharf.CreateNew)
	do("connection", e)
	do("close", c.Close())
	do("rekey", Rekey(ctx, dir, RekeyOptions{}))
	do("rekey", Rekey(ctx, dir, RekeyOptions{NewFile: filepath.Join(dir, "new.key")}))
	do("rename", errors.Join(os.Rename(filepath.Join(dir, "new.key"), filepath.Join(dir, keyFile)), syncAll(dir)))
	path := filepath.Join(dir, dbFile)
	data, e := os.ReadFile(path)
	do("read", e)
	copy(data[2*os.Getpagesize():], make([]byte, 3*os.Getpagesize()))
	do("spoil", errors.Join(os.WriteFile(path, data, fileMode), os.Remove(filepath.Join(dir, keyFile)), syncAll(dir)))
	do("repair", CheckFolder(ctx, dir, CheckOptions{Repair: true}, func(string) {}))
	return err
}

// syncAll makes durable what this test itself did.
func syncAll(dir string) error {
	for _, path := range []string{filepath.Join(dir, dbFile), dir} {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// TestSyncs has strace list the system calls of a process that changes a
// catalog, because bbolt lets nothing come between it and the system: whatever a
// call has written is synced when it returns, and so are the entries of the
// folder; nothing gets its name before its bytes are; and no meta page is written
// before the pages that it leads to are synced.
func TestSyncs(t *testing.T) {
	dir, calls := t.TempDir(), filepath.Join(t.TempDir(), "calls")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("strace", "-f", "-qq", "-y", "-s", "200", "-o", calls,
		"-e", "trace=openat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat", exe)
	cmd.Env = append(os.Environ(), syncDir+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("strace, which make tools installs: %v\n%s", err, out)
	}
	d := &unsynced{t: t, dir: dir, names: map[string]bool{}, files: map[string]bool{}, pages: map[string]bool{}}
	d.read(calls)
	if d.answers < 16 || d.syncs < 30 {
		t.Errorf("%d answers and %d syncs were seen", d.answers, d.syncs)
	}
}

// unsynced is what a process has changed below a folder and not synced yet.
type unsynced struct {
	t       *testing.T
	dir     string
	names   map[string]bool // all files that there are
	files   map[string]bool // with the folder itself
	pages   map[string]bool // files of which more than a meta page is not synced
	answers int
	syncs   int
}

var (
	unfinished = regexp.MustCompile(`^(\d+) +(.*) <unfinished \.\.\.>$`)
	resumed    = regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>(.*)$`)
	call       = regexp.MustCompile(`^(\w+)\((.*)\) += (\d+)`)
	inAngles   = regexp.MustCompile(`^\d+<([^>]*)>`)
	inQuotes   = regexp.MustCompile(`"([^"]*)"`)
	numbers    = regexp.MustCompile(`, (\d+), (\d+)$`)
)

// read follows the calls in the order in which they returned.
func (d *unsynced) read(path string) {
	d.t.Helper()
	f, err := os.Open(path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	begun := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if m := unfinished.FindStringSubmatch(line); m != nil {
			begun[m[1]] = m[2]
			continue
		}
		if m := resumed.FindStringSubmatch(line); m != nil {
			line = begun[m[1]] + m[2]
		} else if _, rest, ok := strings.Cut(line, " "); ok {
			line = strings.TrimSpace(rest)
		}
		if m := call.FindStringSubmatch(line); m != nil {
			d.call(m[1], m[2], line)
		}
	}
}

func (d *unsynced) call(name, args, line string) {
	d.t.Helper()
	file := ""
	if m := inAngles.FindStringSubmatch(args); m != nil {
		file = m[1]
	}
	switch name {
	case "write", "pwrite64", "ftruncate":
		if strings.HasPrefix(args, "1<") && strings.Contains(args, `"done `) {
			d.answer(line)
		} else if strings.HasPrefix(file, d.dir+"/") {
			d.write(file, args, line)
		}
	case "fsync", "fdatasync":
		d.syncs++
		delete(d.files, file)
		delete(d.pages, file)
	case "openat":
		if path := inQuotes.FindStringSubmatch(args)[1]; strings.Contains(args, "O_CREAT") && !d.names[path] {
			d.entry(path, true)
		}
	case "unlink", "unlinkat":
		d.entry(inQuotes.FindStringSubmatch(args)[1], false)
	default: // renames
		m := inQuotes.FindAllStringSubmatch(args, 2)
		if from := m[0][1]; d.files[from] {
			d.t.Errorf("a file gets its name before its bytes are synced: %s", line)
		}
		d.entry(m[0][1], false)
		d.entry(m[1][1], true)
	}
}

// entry notes that a name is there now, or not any more.
func (d *unsynced) entry(path string, there bool) {
	d.names[path] = there
	if strings.HasPrefix(path, d.dir+"/") {
		d.files[filepath.Dir(path)] = true
	}
}

func (d *unsynced) write(file, args, line string) {
	d.t.Helper()
	d.files[file] = true
	m := numbers.FindStringSubmatch(args)
	if m == nil {
		return
	}
	length, _ := strconv.Atoi(m[1])
	offset, _ := strconv.Atoi(m[2])
	if length == os.Getpagesize() && offset < 2*length {
		if d.pages[file] {
			d.t.Errorf("a meta page is written before the pages that it leads to are synced: %s", line)
		}
		return
	}
	d.pages[file] = true
}

func (d *unsynced) answer(line string) {
	d.t.Helper()
	d.answers++
	for path := range d.files {
		d.t.Errorf("not synced: %s, at %s", strings.TrimPrefix(path, d.dir), line)
	}
	clear(d.files)
}

// TestSyncsAreNotLeftOut: bbolt has options that leave syncs out.
func TestSyncsAreNotLeftOut(t *testing.T) {
	if c := open(t, t.TempDir()); c.db.NoSync || c.db.NoGrowSync || c.db.NoFreelistSync {
		t.Error("the catalog is open with an option that leaves out syncs")
	}
}
