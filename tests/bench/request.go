package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// putter is a server that takes files: head and tail frame a body of size
// bytes under a name.
type putter struct {
	name  string
	syncs string
	addr  string
	proc  *process
	frame func(name string, size int) (head, tail []byte, err error)
}

const boundary = "------------------------d74496d66958873e"

// putters are the servers that take uploads: Wharf, the earlier one if there
// is one, nginx and versitygw.
func (b *bench) putters(stage string) []putter {
	var all []putter
	for _, w := range b.wharfs() {
		all = append(all, w.putter(stage))
	}
	return append(all, b.nginx.putter(stage), b.versitygw.putter(b.ctx, stage))
}

func (w *wharf) putter(stage string) putter {
	return putter{w.name, "yes", w.httpAddr, w.process, func(name string, size int) ([]byte, []byte, error) {
		head, tail := formFrame(stage, w.httpAddr, name, size)
		return head, tail, nil
	}}
}

func (n *nginx) putter(stage string) putter {
	return putter{"nginx", "no", n.addr, n.process, func(name string, size int) ([]byte, []byte, error) {
		return fmt.Appendf(nil, "PUT /%s/%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", stage, name, n.addr, size), nil, nil
	}}
}

func (v *versitygw) putter(ctx context.Context, stage string) putter {
	return putter{"versitygw", "no", v.addr, v.process, func(name string, size int) ([]byte, []byte, error) {
		head, err := signedPut(ctx, v.addr, "/"+bucket+"/"+stage+"/"+name, size)
		return head, nil, err
	}}
}

// formFrame is what curl -F sends around a file.
func formFrame(stage, host, name string, size int) (head, tail []byte) {
	part := fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"%s\"\r\n"+
		"Content-Type: application/octet-stream\r\n\r\n", boundary, name)
	end := "\r\n--" + boundary + "--\r\n"
	head = fmt.Appendf(nil, "PUT /v1/upload_to_stage HTTP/1.1\r\nHost: %s\r\nstage_name: %s\r\nContent-Length: %d\r\n"+
		"Content-Type: multipart/form-data; boundary=%s\r\n\r\n%s", host, stage, len(part)+size+len(end), boundary, part)
	return head, []byte(end)
}

// signedPut signs as the SDK does over TLS: without a hash of the body, which
// would charge the load generator for what is the server's to check.
func signedPut(ctx context.Context, addr, path string, size int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+addr+path, nil)
	if err != nil {
		return nil, err
	}
	req.ContentLength = int64(size)
	const unsigned = "UNSIGNED-PAYLOAD"
	req.Header.Set("X-Amz-Content-Sha256", unsigned)
	creds := aws.Credentials{AccessKeyID: gatewayKey, SecretAccessKey: gatewayKey}
	if err := v4.NewSigner().SignHTTP(ctx, creds, req, unsigned, "s3", "us-east-1", time.Now()); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nX-Amz-Content-Sha256: %s\r\nX-Amz-Date: %s\r\nAuthorization: %s\r\n\r\n",
		path, addr, size, unsigned, req.Header.Get("X-Amz-Date"), req.Header.Get("Authorization")), nil
}
