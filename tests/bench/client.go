package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// client is one keep-alive connection that sends requests as bytes, so that
// the load costs little beside the servers that it measures.
type client struct {
	conn net.Conn
	r    *bufio.Reader
}

func dial(addr string) (*client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReaderSize(conn, 64<<10)}, nil
}

func (c *client) close() { c.conn.Close() }

// do sends one request, in pieces that are not copied together, and reads the
// answer to its end. An answer that is not a success is an error.
func (c *client) do(pieces ...[]byte) error {
	buffers := net.Buffers(pieces)
	if _, err := buffers.WriteTo(c.conn); err != nil {
		return err
	}
	line, err := c.r.ReadString('\n')
	if err != nil {
		return err
	}
	status, _, _ := strings.Cut(strings.TrimPrefix(line, "HTTP/1.1 "), " ")
	length, err := c.header()
	if err != nil {
		return err
	}
	body := io.Discard
	var text strings.Builder
	if !strings.HasPrefix(status, "2") {
		body = &text
	}
	if _, err := io.CopyN(body, c.r, length); err != nil {
		return err
	}
	if !strings.HasPrefix(status, "2") {
		return fmt.Errorf("status %s: %s", strings.TrimSpace(line), text.String())
	}
	return nil
}

// header reads the header of an answer and gives the length of its body.
func (c *client) header() (length int64, err error) {
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		line = strings.TrimSpace(line)
		if line == "" {
			return length, nil
		}
		name, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "content-length":
			if length, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil {
				return 0, err
			}
		case "transfer-encoding":
			return 0, fmt.Errorf("the answer is chunked, which this client does not read")
		}
	}
}
