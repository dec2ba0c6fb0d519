package s3_test

import (
	"testing"

	"wharf"
	"wharf/storage/s3"
)

// TestPlace has stages of one bucket that name their server in several ways,
// and others.
func TestPlace(t *testing.T) {
	place := func(url, endpoint, prefix string) wharf.Place {
		return open(t, newBackend(t, s3.Options{SweepAge: -1}), stageAt(url, endpoint)).Place(prefix)
	}
	for _, same := range [][]string{
		{"", "https://s3.amazonaws.com", "https://s3.eu-west-1.amazonaws.com/", "https://S3.Dualstack.us-east-1.amazonaws.com"},
		{"http://127.0.0.1:9000", "http://localhost:9000/", "http://[::1]:9000", "http://LOCALHOST.:9000"},
		{"https://s3.example.com", "https://S3.example.com:443"},
		{"https://s3.example.com/here", "https://s3.example.com/here/"},
	} {
		want := place("s3://bucket/p/", same[0], "x")
		if want.Path != "p/x" {
			t.Errorf("the path is %q", want.Path)
		}
		for _, endpoint := range same {
			if got := place("S3://bucket/p/", endpoint, "x"); got != want {
				t.Errorf("at %q: %+v, want %+v", endpoint, got, want)
			}
			if got := place("s3://bucket2/p/", endpoint, "x"); got.Space == want.Space {
				t.Errorf("at %q two buckets are one", endpoint)
			}
		}
	}
	spaces := map[string]string{}
	for _, endpoint := range []string{"", "http://127.0.0.1:9000", "http://127.0.0.1:9001", "http://127.0.0.2.example.com",
		"https://s3.example.com", "http://s3.example.com", "https://s3.example.com/here", "https://amazonaws.com.example.com"} {
		space := place("s3://bucket/", endpoint, "").Space
		if other, ok := spaces[space]; ok {
			t.Errorf("%q and %q are told for one", endpoint, other)
		}
		spaces[space] = endpoint
	}
}
