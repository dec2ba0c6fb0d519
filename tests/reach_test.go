package tests

import (
	"strings"
	"testing"

	"wharf/tests/harness"
)

// TestStagesReachNothingInside has a server on an open port, and stages that
// would have it talk to its own machine and its own network.
func TestStagesReachNothingInside(t *testing.T) {
	t.Parallel()
	g := harness.StartS3(t, root, "access", fakeSecret)
	env := []string{"WHARF_ROOT_PASSWORD=" + rootPassword}
	s := start(t, settings{args: []string{"--http-addr", "0.0.0.0:0", "--key-file", keyElsewhere(t)}, env: env, secrets: []string{fakeSecret, rootPassword}})
	db := s.dbAs("root:"+rootPassword, "")
	port := port(t, strings.TrimPrefix(g.Endpoint(), "http://"))
	for _, host := range []string{
		"127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "100.64.0.1", "192.168.0.1",
	} {
		_, err := db.ExecContext(s.context(), harness.CreateS3Stage("inside", harness.Bucket, "", "http://"+host+":"+port, "access", fakeSecret))
		wantSQLError(t, err, 1142, "42000", "not a public address", "--s3-allow")
	}
	listed := start(t, settings{args: []string{"--http-addr", "0.0.0.0:0", "--key-file", keyElsewhere(t), "--s3-allow", "10.0.0.0/8", "--s3-allow", "127.0.0.1:" + port},
		env: env, secrets: []string{fakeSecret, rootPassword}})
	if _, err := listed.dbAs("root:"+rootPassword, "").ExecContext(s.context(), g.CreateStage("s", "")); err != nil {
		t.Fatal(err)
	}
	if r := listed.curl("-u", "root:"+rootPassword, "-T", "testdata/page/internal.txt", "http://"+listed.http+"/v1/stage/s/a"); r.status != 200 {
		t.Errorf("an upload to a listed server: %d %s", r.status, r.body)
	}
	// On loopback only, the same server needs no entry, and another network one.
	inner := start(t, settings{secrets: []string{fakeSecret}})
	inner.exec(g.CreateStage("s", ""))
	inner.mustUpload("s", "b", []byte("1"))
	_, err := inner.db("").ExecContext(s.context(), harness.CreateS3Stage("t", harness.Bucket, "", "http://169.254.169.254", "access", fakeSecret))
	wantSQLError(t, err, 1142, "42000", "--s3-allow")
}
