package s3_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"wharf"
	"wharf/storage/s3"
)

// listAndTell gives what a list yields and what it tells to have no key.
func listAndTell(t *testing.T, s wharf.Store, o wharf.ListOptions) (keys, unnamed []string) {
	t.Helper()
	o.Unnamed = func(name string) { unnamed = append(unnamed, name) }
	for object, err := range s.List(t.Context(), o) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, string(object.Key))
	}
	return keys, unnamed
}

// TestListTellsOfUnnamed lists what other programs put below "path/", as
// Amazon's server writes it.
func TestListTellsOfUnnamed(t *testing.T) {
	long := strings.Repeat("x", 1020) // with the path it is longer than S3 takes
	entries := []struct {
		key   string
		size  int
		names string // how it is told
	}{
		{"path/", 0, ""}, {"path/%01control", 1, "\x01control"}, {"path/%2Fabsolute", 1, "/absolute"},
		{"path/a+b%2Bc", 1, "a b+c"}, {"path/bytes/", 5, "bytes/"}, {"path/folder/", 0, ""}, {"path/p//x", 1, "p//x"},
		{"path/p%2F..%2Fx", 1, "p/../x"}, {"path/v%EF%BF%BD", 1, "v\ufffd"}, {"path/v%EF%BF%BF1", 0, "v\uffff1"}, {"path/" + long, 1, long},
		{"path/z%zz", 1, "path/z%zz"}, {"path/z%FF", 1, "z\xff"},
	}
	var b strings.Builder
	var wantKeys, wantUnnamed []string
	for _, e := range entries {
		fmt.Fprintf(&b, "<Contents><Key>%s</Key><Size>%d</Size></Contents>", e.key, e.size)
		switch {
		case slices.Contains([]string{"a b+c", "p//x", "v\ufffd"}, e.names):
			wantKeys = append(wantKeys, e.names)
		case e.names != "":
			wantUnnamed = append(wantUnnamed, e.names)
		}
	}
	body := "<ListBucketResult><EncodingType>url</EncodingType>" + b.String() + "</ListBucketResult>"
	store, net := onSeam(t, s3.Options{}, func(r *http.Request) (*http.Response, error) { return reply(r, 200, body), nil })
	keys, unnamed := listAndTell(t, store, wharf.ListOptions{})
	if !slices.Equal(keys, wantKeys) || !slices.Equal(unnamed, wantUnnamed) {
		t.Errorf("the list yields %q and tells of %q, want %q and %q", keys, unnamed, wantKeys, wantUnnamed)
	}
	if n := net.count(nil); n != 1 {
		t.Errorf("%d requests were made, want 1", n)
	}
	if keys, unnamed = listAndTell(t, store, wharf.ListOptions{Prefix: "v\uffff"}); len(keys) != 0 {
		t.Errorf("a list of what no key starts with yields %q beside %q", keys, unnamed)
	}
}

// TestListOfMangledKeys lists keys that a server writes as those of other
// objects, because XML cannot carry their own.
func TestListOfMangledKeys(t *testing.T) {
	there := "v\ufffd1"
	store, _ := onSeam(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
		switch {
		case r.Method == http.MethodHead && r.URL.Path == "/bucket/path/"+there:
			return found(r)
		case r.Method == http.MethodHead:
			return reply(r, 404, ""), nil
		}
		return reply(r, 200, "<ListBucketResult><Contents><Key>path/a</Key></Contents>"+
			"<Contents><Key>path/m\ufffd</Key></Contents>"+ // of "m\x01"
			"<Contents><Key>path/"+there+"</Key></Contents>"+
			"<Contents><Key>path/"+there+"</Key></Contents></ListBucketResult>"), nil // of "v\uffff1"
	})
	keys, unnamed := listAndTell(t, store, wharf.ListOptions{})
	if want := []string{"a", there}; !slices.Equal(keys, want) {
		t.Errorf("the list yields %q, want %q", keys, want)
	}
	if want := []string{"m\ufffd", there}; !slices.Equal(unnamed, want) {
		t.Errorf("the list tells of %q, want %q", unnamed, want)
	}
	failing, _ := onSeam(t, s3.Options{}, func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodHead {
			return nil, io.ErrUnexpectedEOF
		}
		return reply(r, 200, "<ListBucketResult><Contents><Key>path/m\ufffd</Key></Contents></ListBucketResult>"), nil
	})
	for _, err := range failing.List(t.Context(), wharf.ListOptions{}) {
		wantError(t, err, wharf.CodeUpstream, "")
	}
}

// TestNameThatXMLCannotCarryIsTold has the same of a real server.
func TestNameThatXMLCannotCarryIsTold(t *testing.T) {
	store, _, bucket := onGateway(t, s3.Options{}, pass)
	client := sdkClient()
	for _, key := range []string{"v\uffff1", "v\ufffd1", "w\uffff"} {
		_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &bucket, Key: aws.String("path/" + key), Body: strings.NewReader("x")})
		if err != nil {
			t.Fatal(err)
		}
	}
	keys, unnamed := listAndTell(t, store, wharf.ListOptions{})
	if !slices.Equal(keys, []string{"v\ufffd1"}) || len(unnamed) != 2 {
		t.Errorf("the list yields %q and tells of %q", keys, unnamed)
	}
}
