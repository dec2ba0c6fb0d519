package s3_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"wharf"
	"wharf/storage/s3"
)

// TestSweep leaves uploads behind, as a killed server does, and opens the
// stage again.
func TestSweep(t *testing.T) {
	bucket := newBucket(t)
	begin := func(key string) {
		_, err := sdkClient().CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String(key)})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"path/a", "path/b/c", "other/d", "pathological"} {
		begin(key)
	}
	swept := make(chan string, 10)
	sweepWith := func(age time.Duration, name string) *s3.Backend {
		net := &seam{do: func(r *http.Request) (*http.Response, error) {
			resp, err := pass(r)
			swept <- r.Method
			return resp, err
		}}
		b := s3.New(s3.Options{Reach: s3.Reach{Loopback: true}, SweepAge: age, Transport: net})
		open(t, b, stageAt("s3://"+bucket+"/path/", shared.url))
		return b
	}
	b := sweepWith(0, "by default")
	if m := <-swept; m != http.MethodGet {
		t.Errorf("the sweep begins with %s", m)
	}
	b.Close()
	if n := unfinished(t, bucket); n != 4 {
		t.Errorf("of 4 young uploads %d are left", n)
	}
	b = sweepWith(time.Nanosecond, "everything")
	for range 3 {
		<-swept
	}
	b.Close()
	if n := unfinished(t, bucket); n != 2 {
		t.Errorf("%d uploads are left, want the 2 outside the stage's path", n)
	}
}

// TestSweepSparesUploadsUnderWay opens a stage again while an upload into it
// is older than what a sweep gives up.
func TestSweepSparesUploadsUnderWay(t *testing.T) {
	bucket := newBucket(t)
	var (
		listed  = make(chan struct{}, 10)
		sending = make(chan struct{}, 10)
		givenUp = make(chan string, 10)
	)
	net := &seam{do: func(r *http.Request) (*http.Response, error) {
		resp, err := pass(r)
		switch q := r.URL.Query(); {
		case r.Method == http.MethodGet && q.Has("uploads"):
			listed <- struct{}{}
		case r.Method == http.MethodPut && q.Get("partNumber") == "1":
			sending <- struct{}{}
		case r.Method == http.MethodDelete:
			givenUp <- r.URL.Path
		}
		return resp, err
	}}
	b := newBackend(t, s3.Options{SweepAge: time.Nanosecond, Transport: net})
	store := open(t, b, stageAt("s3://"+bucket+"/path/", shared.url))
	<-listed // nothing yet

	const size = 20 << 20
	gate, done := make(chan struct{}), make(chan error, 1)
	go func() {
		body := io.LimitReader(&gatedReader{first: bytes.NewReader(make([]byte, 9<<20)), gate: gate}, size)
		_, err := store.Put(t.Context(), "k", body, wharf.PutOptions{Size: size})
		done <- err
	}()
	<-sending
	// What another server left is listed after the upload.
	_, err := sdkClient().CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: &bucket, Key: aws.String("path/left")})
	if err != nil {
		t.Fatal(err)
	}
	open(t, b, stageAt("s3://"+bucket+"/path/", shared.url))
	if path := <-givenUp; path != "/"+bucket+"/path/left" {
		t.Errorf("the sweep gives up %s", path)
	}
	close(gate)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := unfinished(t, bucket); n != 0 {
		t.Errorf("%d unfinished uploads are left", n)
	}
}
