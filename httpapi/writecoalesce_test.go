package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestDownloadSizes sends files of sizes around those of net/http's buffers
// over one connection, by requests that do not wait for the answers.
func TestDownloadSizes(t *testing.T) {
	f := start(t)
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var requests strings.Builder
	var bodies []string
	for size := range 40 {
		key := fmt.Sprintf("f%d", size)
		bodies = append(bodies, strings.Repeat(fmt.Sprint(size%10), size*257))
		f.put(key, bodies[size])
		fmt.Fprintf(&requests, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", stageURL(key), f.addr)
	}
	go io.WriteString(conn, requests.String())
	r := bufio.NewReader(conn)
	for i, want := range bodies {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(i, err)
		}
		got, err := io.ReadAll(resp.Body)
		if resp.StatusCode != 200 || string(got) != want || err != nil {
			t.Fatalf("file %d: %d, %d bytes of %d, %v", i, resp.StatusCode, len(got), len(want), err)
		}
	}
}

// BenchmarkDownloadSmall downloads a file of 4 KiB over 16 connections. The
// client does as little as it can, but is in the figure.
func BenchmarkDownloadSmall(b *testing.B) {
	f := start(b, quiet)
	f.put("f.csv", strings.Repeat("x", 4<<10))
	request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", stageURL("f.csv"), f.addr)
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", f.addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		answer := make([]byte, 8<<10)
		length := 0 // of an answer, which all have
		for pb.Next() {
			conn.Write(request)
			n, err := io.ReadAtLeast(conn, answer, max(length, 4<<10+1))
			if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 200") {
				b.Errorf("%v %s", err, answer[:n])
				return
			}
			if length == 0 {
				header := strings.Index(string(answer[:n]), "\r\n\r\n") + 4
				length = header + 4<<10
				io.ReadFull(conn, answer[n:length])
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

func quiet(s *settings) { s.http.Logger = nil }
