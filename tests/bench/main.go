package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"
	"time"
)

// bench is one run of all loads.
type bench struct {
	ctx    context.Context
	dir    string
	rounds int
	length time.Duration // of one round of a load that is counted by time
	files  int           // of the large stage
	only   *regexp.Regexp

	wharf     *wharf
	nginx     *nginx
	versitygw *versitygw
	mariadb   *mariadb

	table table
}

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
	wharfBin := flag.String("wharf", "bin/wharf", "the server's binary")
	gatewayBin := flag.String("versitygw", ".tools/bin/versitygw", "versitygw's binary")
	out := flag.String("out", "", "file to write the table to")
	only := flag.String("only", "", "run the loads whose names match this regular expression")
	flag.IntVar(&b.rounds, "rounds", 5, "how often each load is run")
	flag.DurationVar(&b.length, "length", 3*time.Second, "how long a round takes")
	flag.IntVar(&b.files, "files", 1_000_000, "files in the large stage")
	flag.Parse()
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
	if err := b.start(*wharfBin, *gatewayBin); err != nil {
		return err
	}
	if err := b.all(); err != nil {
		return err
	}
	text := b.table.markdown(describeMachine(b.dir))
	fmt.Print("\n", text)
	if *out != "" {
		return os.WriteFile(*out, []byte(text), 0o644)
	}
	return nil
}

// all runs the loads in the order of the table.
func (b *bench) all() error {
	for _, load := range []struct {
		name string
		run  func(name string) error
	}{
		{"4 KiB files, 16 connections", b.uploads(4<<10, 16)},
		{"4 KiB files, 64 connections", b.uploads(4<<10, 64)},
		{"64 KiB files, 16 connections", b.uploads(64<<10, 16)},
		{"1 MiB files, 16 connections", b.uploads(1<<20, 16)},
		{"1 GiB file by curl", b.curlUpload},
		{"1 GiB file into an S3 stage", b.s3Upload},
		{"download 1 GiB by curl", b.curlDownload},
		{"download 4 KiB files, 16 connections", b.downloads},
		{"SELECT 1, 1 connection", b.selects(1, false)},
		{"SELECT 1, 16 connections", b.selects(16, false)},
		{"prepared SELECT ?, 16 connections", b.selects(16, true)},
		{"connect and log in, 16 at once", b.logins(16)},
		{"list 100,000 files", b.listBesideS3},
		{"large stage", b.largeStage},
	} {
		if !b.only.MatchString(load.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().Format(time.TimeOnly), load.name)
		if err := load.run(load.name); err != nil {
			return fmt.Errorf("%s: %w", load.name, err)
		}
	}
	return nil
}

func (b *bench) start(wharfBin, gatewayBin string) (err error) {
	if b.versitygw, err = startVersitygw(b.dir, gatewayBin); err != nil {
		return err
	}
	if b.wharf, err = startWharf(b.dir, wharfBin, b.versitygw.addr); err != nil {
		return err
	}
	if b.nginx, err = startNginx(b.dir); err != nil {
		return err
	}
	b.mariadb, err = startMariaDB(b.dir)
	return err
}

func (b *bench) stop() error {
	var errs []error
	if b.wharf != nil {
		errs = append(errs, b.wharf.stop())
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
