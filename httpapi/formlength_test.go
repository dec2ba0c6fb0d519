package httpapi_test

import (
	"strings"
	"testing"
)

// TestFormsAroundTheSmallBuffer sends forms that just fit into the smaller of
// the buffers, and that just do not, in which each file ends at the last place
// where it can.
func TestFormsAroundTheSmallBuffer(t *testing.T) {
	f := start(t)
	for length := 112<<10 - 2; length <= 112<<10+2; length++ {
		small := filePart("first", strings.Repeat("x", 20<<10))
		rest := length - len(small) - len(filePart("last", "")) - len(formEnd)
		for _, form := range []string{
			small + filePart("last", strings.Repeat("y\r\n-", rest/4+1)[:rest]) + formEnd,
			filePart("last", strings.Repeat("y\r\n-", rest/4+1)[:rest]) + small + formEnd,
		} {
			if len(form) != length {
				t.Fatalf("the form has %d bytes, not %d", len(form), length)
			}
			if a := f.upload(form); a.status != 200 || len(a.Files) != 2 {
				t.Fatalf("%d bytes: %d %s", length, a.status, a.body)
			}
			got := f.do(f.request("GET", "/v1/stage/s/last", nil))
			if want := strings.Repeat("y\r\n-", rest/4+1)[:rest]; got.body != want {
				t.Errorf("%d bytes: the file came back with %d bytes, not as it was sent", length, len(got.body))
			}
		}
	}
}
