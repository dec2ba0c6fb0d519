package httpapi_test

import (
	"bufio"
	"context"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"wharf"
)

// discard is a Store that reads what it is given and keeps nothing.
type discard struct{}

func (discard) Put(_ context.Context, key wharf.Key, r io.Reader, _ wharf.PutOptions) (wharf.Object, error) {
	var total int64
	buf := blocks.Get().(*[128 << 10]byte)
	defer blocks.Put(buf)
	for {
		n, err := r.Read(buf[:])
		total += int64(n)
		if err == io.EOF {
			return wharf.Object{Key: key, Size: total, ETag: "x"}, nil
		}
		if err != nil {
			return wharf.Object{}, err
		}
	}
}

var blocks = sync.Pool{New: func() any { return new([128 << 10]byte) }}

func (discard) Open(context.Context, wharf.Key) (wharf.File, error) {
	return nil, wharf.Errorf(wharf.CodeNotFound, "nothing is kept")
}

func (discard) Stat(context.Context, wharf.Key) (wharf.Object, error) {
	return wharf.Object{}, wharf.Errorf(wharf.CodeNotFound, "nothing is kept")
}

func (discard) List(context.Context, wharf.ListOptions) iter.Seq2[wharf.Object, error] {
	return func(func(wharf.Object, error) bool) {}
}

func (discard) Delete(context.Context, []wharf.Key) error { return nil }

func startDiscarding(b *testing.B) *fixture {
	return start(b, func(s *settings) {
		s.service.Opener = oneStore{discard{}}
		s.http.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	})
}

// asCurl gives the text of a request the boundary and the headers of curl's.
func asCurl(length int, body string) string {
	text := strings.ReplaceAll(rawUpload(length, body), "--B", "--"+curlBoundary)
	text = strings.Replace(text, "boundary=B", "boundary="+curlBoundary, 1)
	return strings.Replace(text, "\r\n", "\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n", 1)
}

const curlBoundary = "------------------------d74496d66958873e"

// BenchmarkUploadSmall uploads files of 4 KiB over 16 connections. The client
// does as little as it can, but is in the figure.
func BenchmarkUploadSmall(b *testing.B) {
	f := startDiscarding(b)
	form := filePart("books.parquet", strings.Repeat("x", 4<<10)) + formEnd
	request := []byte(asCurl(len(form)+2*(len(curlBoundary)-1), form))
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", f.addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		answer := make([]byte, 4<<10)
		for pb.Next() {
			if _, err := conn.Write(request); err != nil {
				b.Error(err)
				return
			}
			n, err := conn.Read(answer)
			if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 200") {
				b.Errorf("%v %s", err, answer[:n])
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

// BenchmarkUploadLarge uploads one file of 256 MiB.
func BenchmarkUploadLarge(b *testing.B) {
	f := startDiscarding(b)
	const size = 256 << 20
	block := []byte(strings.Repeat("x", 1<<20))
	head := strings.TrimSuffix(filePart("f", ""), "\r\n")
	tail := "\r\n" + strings.ReplaceAll(formEnd, "--B", "--"+curlBoundary)
	length := len(head) + len(curlBoundary) - 1 + size + len(tail)
	request := []byte(asCurl(length, head))
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		conn.Write(request)
		for range size / len(block) {
			conn.Write(block)
		}
		io.WriteString(conn, tail)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != 200 {
			b.Fatal(err, resp)
		}
		io.Copy(io.Discard, resp.Body)
	}
}
