package tests

import (
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"wharf/tests/harness"
)

// An S3 server that is down, hangs, denies or lacks the bucket: uploads get
// 502, LIST gets 1296, the message tells which, and nothing holds a secret.
func TestBadS3(t *testing.T) {
	t.Parallel()
	const secret = "bad-s3-secret-99"
	g := harness.StartS3(t, root, "access", secret)
	s := start(t, settings{secrets: []string{secret, "wrong-secret-98"}})
	for _, c := range []struct {
		stage, create string
		words         []string
	}{
		{"down", harness.CreateS3Stage("down", harness.Bucket, "", "http://"+harness.FreeAddr(t), "access", secret), []string{"S3", "cannot be reached", "--s3-allow"}},
		{"unknown_host", harness.CreateS3Stage("unknown_host", harness.Bucket, "", "http://s3.invalid:9", "access", secret), []string{"S3", "s3.invalid", "cannot be reached", "--s3-allow"}},
		{"hangs", harness.CreateS3Stage("hangs", harness.Bucket, "", "http://"+silentServer(t), "access", secret), []string{"S3", "did not answer"}},
		{"denies_secret", harness.CreateS3Stage("denies_secret", harness.Bucket, "", g.Endpoint(), "access", "wrong-secret-98"), []string{"denied"}},
		{"denies_key", harness.CreateS3Stage("denies_key", harness.Bucket, "", g.Endpoint(), "nobody", secret), []string{"denied"}},
		{"lacks_bucket", harness.CreateS3Stage("lacks_bucket", "nosuchbucket", "", g.Endpoint(), "access", secret), []string{"nosuchbucket"}},
	} {
		s.exec(c.create)
		t.Run(c.stage, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			s.upload(c.stage, part{name: "a.csv", content: []byte("1")}).wantFailure(t, 502, "upstream", []string{}, c.words...)
			_, err := s.db("").ExecContext(s.context(), "LIST @"+c.stage)
			wantSQLError(t, err, 1296, "HY000", c.words...)
			_, err = s.db("").ExecContext(s.context(), "REMOVE @"+c.stage+"/a.csv")
			wantSQLError(t, err, 1296, "HY000")
			if d := time.Since(begin); d > 5*time.Minute {
				t.Errorf("the three answers took %s", d)
			}
			for _, hidden := range []string{secret, "wrong-secret-98"} {
				if err != nil && strings.Contains(err.Error(), hidden) {
					t.Errorf("the message holds a secret: %v", err)
				}
			}
		})
	}
	t.Cleanup(s.alive)
}

// silentServer accepts connections and never answers.
func silentServer(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
		}
	}()
	return l.Addr().String()
}

// The S3 server dies under a large upload: the client is told, nothing is
// listed, and after it is back the same upload works.
func TestS3DiesUnderUpload(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "access", "dying-s3-secret")
	s := start(t, settings{secrets: []string{g.Secret}})
	s.exec(g.CreateStage("s", "in/"))
	conn := s.dialHTTP()
	conn.write(uploadHead("s", -1))
	conn.write(chunk(rawPart("a.bin", strings.Repeat("x", 20<<20))))
	g.Kill()
	conn.write(chunk(strings.Repeat("y", 1<<20)) + chunk(rawEnd) + chunk(""))
	conn.reply().wantFailure(t, 502, "upstream", []string{})
	s.alive()
}

// Files of an external stage are real objects, under the stage's path, and
// stay when the stage is dropped.
func TestExternalStage(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "access", "external-secret")
	s := start(t, settings{secrets: []string{g.Secret}})
	s.exec(g.CreateStage("s", "deep/er/"))
	large := random(20 << 20) // several parts of a multipart upload
	s.mustUpload("s", "large.bin", large)
	s.mustUpload("s", "folder/small.csv", []byte("1"))
	s.mustUpload("s", "empty.csv", nil)
	s.wantContent("s", "large.bin", large)
	if got := s.list("s"); !slices.Equal(got, []string{"empty.csv", "folder/small.csv", "large.bin"}) {
		t.Errorf("LIST shows %q", got)
	}
	onDisk, err := os.ReadFile(g.Dir + "/" + harness.Bucket + "/deep/er/large.bin")
	if err != nil || !slices.Equal(onDisk, large) {
		t.Errorf("the bucket holds %d bytes of large.bin, %v", len(onDisk), err)
	}
	if got := s.column("REMOVE @s/folder/"); !slices.Equal(got, []string{"folder/small.csv"}) {
		t.Errorf("REMOVE: %q", got)
	}
	s.exec("DROP STAGE s", g.CreateStage("again", "deep/er/"))
	if got := s.list("again"); !slices.Equal(got, []string{"empty.csv", "large.bin"}) {
		t.Errorf("LIST of the same path shows %q", got)
	}
}
