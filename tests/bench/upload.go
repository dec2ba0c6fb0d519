package main

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// uploads is the load of many files of one size over keep-alive connections.
func (b *bench) uploads(size, conns int) func(string) error {
	return func(load string) error {
		stage := fmt.Sprintf("u%d_%d", size, conns)
		if err := b.createStages(stage); err != nil {
			return err
		}
		body := randomBytes(size)
		results := make(map[string]*result)
		for _, p := range b.putters(stage) {
			results[p.name] = b.table.add(&result{load: load, server: p.name, unit: "files/s", syncs: p.syncs})
		}
		for round := range b.rounds {
			for _, p := range inTurn(round, b.putters(stage)) {
				if err := b.uploadRound(results[p.name], p, body, conns, round); err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
			}
		}
		return b.createStages(stage) // gives the space back
	}
}

// warmUp is how much of a round's time goes by before it is counted.
const warmUp = 300 * time.Millisecond

func (b *bench) uploadRound(r *result, p putter, body []byte, conns, round int) error {
	return b.countRound(r, p.addr, p.proc, conns, func(c *client, n int64) error {
		return put(c, p, fmt.Sprintf("r%d/%08d.bin", round, n), body)
	})
}

// countRound counts how often conns connections can do a thing in a round;
// it is told how many were begun before.
func (b *bench) countRound(r *result, addr string, proc *process, conns int, do func(c *client, n int64) error) error {
	settle()
	var next, done atomic.Int64
	var counting, over atomic.Bool
	errs := make([]error, conns)
	var wg sync.WaitGroup
	for i := range conns {
		c, err := dial(addr)
		if err != nil {
			return err
		}
		wg.Go(func() {
			defer c.close()
			for !over.Load() && errs[i] == nil {
				errs[i] = do(c, next.Add(1))
				if counting.Load() {
					done.Add(1)
				}
			}
		})
	}
	time.Sleep(warmUp)
	proc.resetPeak()
	cpu, from := proc.cpu(), time.Now()
	counting.Store(true)
	time.Sleep(b.length)
	n, took := float64(done.Load()), time.Since(from)
	r.cpu += proc.cpu() - cpu
	over.Store(true)
	wg.Wait()
	r.figures = append(r.figures, n/took.Seconds())
	r.done += n
	r.peak = max(r.peak, proc.peak())
	return errors.Join(errs...)
}

// settle writes out what the round before left unwritten: a server that syncs
// would otherwise pay, in the journal that all share, for one that does not.
func settle() { syscall.Sync() }

func put(c *client, p putter, name string, body []byte) error {
	head, tail, err := p.frame(name, len(body))
	if err != nil {
		return err
	}
	return c.do(head, body, tail)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

const mebibyte = 1 << 20

// bigFile is the large file that curl sends.
func (b *bench) bigFile() (string, error) {
	path := filepath.Join(b.dir, "big.bin")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	block := randomBytes(mebibyte)
	for range b.big / mebibyte {
		if _, err := f.Write(block); err != nil {
			return "", errors.Join(err, f.Close())
		}
	}
	return path, errors.Join(f.Sync(), f.Close())
}

// curlUpload is the load of one large file.
func (b *bench) curlUpload(load string) error {
	file, err := b.bigFile()
	if err != nil {
		return err
	}
	if err := b.createStages("big"); err != nil {
		return err
	}
	var all []rival
	for _, w := range b.wharfs() {
		all = append(all, rival{w.name, "yes", w.process, func() error {
			return curl("-H", "stage_name:big", "-F", "upload=@"+file, "-XPUT", "http://"+w.httpAddr+"/v1/upload_to_stage")
		}})
	}
	return b.rivals(load, "MiB/s", float64(b.big)/mebibyte, append(all,
		rival{"nginx", "no", b.nginx.process, func() error {
			return curl("-T", file, "http://"+b.nginx.addr+"/big/")
		}},
		rival{"versitygw", "no", b.versitygw.process, func() error {
			return curl("--aws-sigv4", "aws:amz:us-east-1:s3", "-u", gatewayKey+":"+gatewayKey,
				"-H", "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD", "-T", file, "http://"+b.versitygw.addr+"/"+bucket+"/big.bin")
		}},
	))
}

func curl(args ...string) error {
	out, err := exec.Command("curl", append([]string{"-sS", "--fail-with-body"}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("curl: %w: %.300s", err, out)
	}
	return nil
}

// rival is one server doing one piece of work as a whole.
type rival struct {
	name, syncs string
	proc        *process // nil for one that is no server: its cost is not told
	work        func() error
}

// inTurn goes over the servers with another first in each round: the first finds the
// disk and the memory as the last has left them.
func inTurn[T any](round int, all []T) iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i := range all {
			if i = (i + round) % len(all); !yield(i, all[i]) {
				return
			}
		}
	}
}

// rivals times the same work on each server, in turn, and counts amount
// units for it.
func (b *bench) rivals(load, unit string, amount float64, all []rival) error {
	results := make([]*result, len(all))
	for i, r := range all {
		results[i] = b.table.add(&result{load: load, server: r.name, unit: unit, syncs: r.syncs})
	}
	for round := range b.rounds {
		for i, r := range inTurn(round, all) {
			settle()
			r.proc.resetPeak()
			cpu, from := r.proc.cpu(), time.Now()
			if err := r.work(); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			res := results[i]
			res.figures = append(res.figures, amount/time.Since(from).Seconds())
			res.cpu += r.proc.cpu() - cpu
			res.done += amount
			res.peak = max(res.peak, r.proc.peak())
		}
	}
	return nil
}
