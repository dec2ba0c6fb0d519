package s3_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"wharf"
	"wharf/storage/s3"
)

const benchSize = 1 << 30

// BenchmarkUpload stores one file of 1 GiB: by Put with several settings, and
// by the SDK's transfer manager with its own.
func BenchmarkUpload(b *testing.B) {
	path := benchFile(b)
	for _, c := range []struct{ partMiB, parts int }{{8, 3}, {8, 4}, {8, 6}, {5, 6}} {
		b.Run(fmt.Sprintf("put/part=%dMiB/held=%d", c.partMiB, c.parts), func(b *testing.B) {
			store := open(b, newBackend(b, s3.Options{PartSize: int64(c.partMiB) << 20, Concurrency: c.parts}),
				stageAt("s3://"+newBucket(b)+"/", shared.url))
			benchUpload(b, path, func(f *os.File) error {
				_, err := store.Put(b.Context(), "k", struct{ io.Reader }{f}, wharf.PutOptions{Size: benchSize})
				return err
			})
		})
	}
	b.Run("manager", func(b *testing.B) {
		manager, bucket := transfermanager.New(sdkClient(), func(o *transfermanager.Options) {
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		}), newBucket(b)
		benchUpload(b, path, func(f *os.File) error {
			_, err := manager.UploadObject(b.Context(), &transfermanager.UploadObjectInput{
				Bucket: &bucket, Key: aws.String("k"), Body: f,
			})
			return err
		})
	})
}

func sdkClient() *awss3.Client {
	return awss3.New(awss3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(shared.url), UsePathStyle: true,
		Credentials:                credentials.NewStaticCredentialsProvider(gatewayKey, gatewaySecret, ""),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

func benchUpload(b *testing.B, path string, upload func(*os.File) error) {
	b.SetBytes(benchSize)
	b.ReportAllocs()
	before := cpuSeconds(b)
	// What the machine does besides changes the time, and hardly this.
	defer func() { b.ReportMetric((cpuSeconds(b)-before)/float64(b.N), "cpu-s/op") }()
	for b.Loop() {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := upload(f); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}

// cpuSeconds is what this process has used so far, without the server.
func cpuSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func benchFile(b *testing.B) string {
	path := filepath.Join(b.TempDir(), "source")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	rng := rand.NewChaCha8([32]byte{1})
	if _, err := io.CopyN(f, rng, benchSize); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkManyUploads stores 64 bodies of 64 MiB at once, as many at a time
// as a budget of 128 MiB admits by PutMemory, and tells how much memory the
// process took from the system at most. Its counterpart is the transfer
// manager with parts as large, under a budget of what it holds.
func BenchmarkManyUploads(b *testing.B) {
	const budget, size = 128 << 20, 64 << 20
	body := make([]byte, size)
	rand.NewChaCha8([32]byte{2}).Read(body)
	b.Run("put", func(b *testing.B) {
		store := open(b, newBackend(b, s3.Options{}), stageAt("s3://"+newBucket(b)+"/", shared.url))
		benchMany(b, int(budget/store.PutMemory(size)), func(key string) error {
			_, err := store.Put(b.Context(), wharf.Key(key), &loop{body, 0}, wharf.PutOptions{Size: size})
			return err
		})
	})
	b.Run("manager", func(b *testing.B) {
		manager, bucket := transfermanager.New(sdkClient(), func(o *transfermanager.Options) {
			o.Concurrency, o.MultipartUploadThreshold = 2, 8<<20
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		}), newBucket(b)
		benchMany(b, budget/(4*8<<20), func(key string) error {
			_, err := manager.UploadObject(context.Background(), &transfermanager.UploadObjectInput{
				Bucket: &bucket, Key: &key, Body: &loop{body, 0}, ContentLength: aws.Int64(size),
			})
			return err
		})
	})
}

// loop reads a body that all uploads share.
type loop struct {
	body []byte
	n    int
}

func (l *loop) Read(p []byte) (int, error) {
	if l.n == len(l.body) {
		return 0, io.EOF
	}
	n := copy(p, l.body[l.n:])
	l.n += n
	return n, nil
}

func benchMany(b *testing.B, admitted int, upload func(key string) error) {
	b.SetBytes(64 * 64 << 20)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for b.Loop() {
		var wg sync.WaitGroup
		admission := make(chan struct{}, admitted)
		for i := range 64 {
			wg.Go(func() {
				admission <- struct{}{}
				defer func() { <-admission }()
				if err := upload(fmt.Sprintf("k%d", i)); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.Sys-before.Sys)/(1<<20), "MiB-from-system")
	b.ReportMetric(float64(admitted), "admitted")
}
