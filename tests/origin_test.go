package tests

import (
	"strings"
	"testing"
)

// A page of another origin may use the API and presigned URLs if --cors-origin
// names its origin, and no other page may.
func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	const app = "https://app.example"
	s := start(t, settings{args: []string{"--cors-origin", "https://App.example/", "--cors-origin", "null"}})
	s.exec("CREATE STAGE s")
	s.mustUpload("s", "a.csv", []byte("1,2"))
	db := s.db("")
	defer db.Close()
	signed := presign(s, db, "PRESIGN @s/a.csv")
	url := "http://" + s.http + "/v1/stage/s/a.csv"
	for _, c := range []struct {
		origin  string
		allowed bool
	}{{app, true}, {"null", true}, {"https://evil.example", false}, {"http://app.example", false}} {
		for _, args := range [][]string{
			{url}, {signed.url}, {"-r", "0-1", url}, {"http://" + s.http + "/v1/stage/s/gone"},
			{"-H", "stage_name: s", "-F", "upload=@testdata/files/books.csv", s.uploadURL()},
		} {
			r := s.curl(append([]string{"-i", "-H", "Origin: " + c.origin}, args...)...)
			if got := strings.Contains(r.body, "Access-Control-Allow-Origin: "+c.origin+"\r\n"); got != c.allowed {
				t.Errorf("%s, curl %q: allowed: %t\n%s", c.origin, args, got, r.body)
			}
		}
		r := s.curl("-i", "-X", "OPTIONS", "-H", "Origin: "+c.origin, "-H", "Access-Control-Request-Method: PUT",
			"-H", "Access-Control-Request-Headers: stage_name", s.uploadURL())
		if c.allowed != (r.status == 204) || c.allowed != strings.Contains(r.body, "Access-Control-Allow-Headers: stage_name") {
			t.Errorf("%s, preflight: %d\n%s", c.origin, r.status, r.body)
		}
	}
}
