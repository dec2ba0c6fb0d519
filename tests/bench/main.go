package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// bench is one run of the loads.
type bench struct {
	ctx    context.Context
	dir    string
	rounds int
	length time.Duration // of one round of a load that is counted by time
	files  int           // of the large stage
	big    int           // bytes of the large file
	rows   int           // of the Parquet file that is queried
	only   *regexp.Regexp
	out    string

	wharf     *wharf
	before    *wharf // of an earlier commit; nil where there is none
	nginx     *nginx
	versitygw *versitygw
	mariadb   *mariadb
	library   string // the program that runs DuckDB

	table *table // of the group under way
}

// binaries are the programs that are compared.
type binaries struct{ wharf, before, versitygw string }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	b := &bench{ctx: ctx}
	var bin binaries
	flag.StringVar(&bin.wharf, "wharf", "bin/wharf", "the server's binary")
	flag.StringVar(&bin.before, "before", "", "the binary of an earlier commit, wharf-COMMIT; left out if it does not exist")
	flag.StringVar(&bin.versitygw, "versitygw", ".tools/bin/versitygw", "versitygw's binary")
	flag.StringVar(&b.library, "library", "", "the binary of tests/bench/library, which runs DuckDB")
	flag.StringVar(&b.out, "out", "", "page to write the tables to; the groups that are not run keep theirs")
	only := flag.String("only", "", "run the loads whose group and name, as in \"uploads/1 MiB files, 16 connections\", match this regular expression")
	flag.IntVar(&b.rounds, "rounds", 5, "how often each load is run")
	flag.DurationVar(&b.length, "length", 3*time.Second, "how long a round takes")
	flag.IntVar(&b.files, "files", 1_000_000, "files in the large stage")
	flag.IntVar(&b.big, "big", 1<<30, "size of the large file, in bytes")
	flag.IntVar(&b.rows, "rows", 20_000_000, "rows of the Parquet file that is queried; the other files have fewer")
	target := flag.String("attack", "", "only attack the server that this JSON names, until standard input ends")
	flag.Parse()
	if *target != "" {
		return attack(*target)
	}
	if b.only, err = regexp.Compile(*only); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "wharf-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stop(), os.RemoveAll(b.dir)) }()
	if fileSystem(b.dir) == "tmpfs" {
		return errors.New("the scratch folder is in memory, where a sync costs nothing: set TMPDIR to one on a disk")
	}
	if err := b.start(bin); err != nil {
		return err
	}
	return b.all()
}

// load is one thing that is measured.
type load struct {
	name string
	run  func(name string) error
}

// group is loads whose tables stand together.
type group struct {
	name  string
	loads []load
}

// groups are all loads in the order of the page. Each takes some minutes.
func (b *bench) groups() []group {
	return []group{
		{"small uploads", []load{
			{"4 KiB files, 16 connections", b.uploads(4<<10, 16)},
			{"4 KiB files, 64 connections", b.uploads(4<<10, 64)},
		}},
		{"uploads", []load{
			{"64 KiB files, 16 connections", b.uploads(64<<10, 16)},
			{"1 MiB files, 16 connections", b.uploads(1<<20, 16)},
		}},
		{"large files and downloads", []load{
			{"1 GiB file by curl", b.curlUpload},
			{"1 GiB file into an S3 stage", b.s3Upload},
			{"download 1 GiB by curl", b.curlDownload},
			{"download 4 KiB files, 16 connections", b.downloads},
		}},
		{"statements", []load{
			{"SELECT 1, 1 connection", b.selects(1, false)},
			{"SELECT 1, 16 connections", b.selects(16, false)},
			{"prepared SELECT ?, 16 connections", b.selects(16, true)},
			{"connect and log in, 16 at once", b.logins(16)},
		}},
		{"many files", []load{
			{"list 100,000 files", b.listBesideS3},
			{"large stage", b.largeStage},
		}},
		{"compaction", []load{
			{"4 KiB files, 16 connections", b.compaction(4<<10, 16)},
			{"64 KiB files, 16 connections", b.compaction(64<<10, 16)},
			{"a stage filled and emptied", b.fillAndEmpty},
		}},
		{"queries", []load{{"queries", b.queries}}},
		{"attack", []load{{"an honest user", b.underAttack}}},
	}
}

// all runs the groups, and writes the page after each.
func (b *bench) all() error {
	for _, g := range b.groups() {
		b.table = &table{}
		for _, l := range g.loads {
			if !b.only.MatchString(g.name + "/" + l.name) {
				continue
			}
			fmt.Fprintf(os.Stderr, "%s %s: %s\n", time.Now().Format(time.TimeOnly), g.name, l.name)
			if err := l.run(l.name); err != nil {
				return fmt.Errorf("%s: %s: %w", g.name, l.name, err)
			}
		}
		if b.table.empty() {
			continue
		}
		text := b.table.markdown(describeMachine(b.dir))
		fmt.Printf("\n## %s\n\n%s", g.name, text)
		if err := b.write(g.name, text); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) start(bin binaries) (err error) {
	if b.versitygw, err = startVersitygw(b.dir, bin.versitygw); err != nil {
		return err
	}
	if b.wharf, err = startWharf(b.dir, newest, bin.wharf, b.versitygw.addr); err != nil {
		return err
	}
	if _, err := os.Stat(bin.before); err == nil {
		name := newest + " " + strings.TrimPrefix(filepath.Base(bin.before), "wharf-")
		if b.before, err = startWharf(b.dir, name, bin.before, b.versitygw.addr); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(os.Stderr, "LEFT OUT: the comparison with an earlier commit, because there is no binary of it")
	}
	if b.nginx, err = startNginx(b.dir); err != nil {
		return err
	}
	b.mariadb, err = startMariaDB(b.dir)
	return err
}

func (b *bench) stop() error {
	var errs []error
	for _, w := range b.wharfs() {
		if w != nil {
			errs = append(errs, w.stop())
		}
	}
	if b.nginx != nil {
		errs = append(errs, b.nginx.stop())
	}
	if b.versitygw != nil {
		errs = append(errs, b.versitygw.stop())
	}
	if b.mariadb != nil {
		errs = append(errs, b.mariadb.stop())
	}
	return errors.Join(errs...)
}
