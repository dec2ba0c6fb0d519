package wharf

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/htmlindex"
)

// Every label is one of the Encoding Standard's, and what is none is not
// taken for one.
func TestKnownEncoding(t *testing.T) {
	labels := strings.Fields(encodingLabels)
	if len(labels) != 222 {
		t.Errorf("%d labels, want 222", len(labels))
	}
	for _, label := range labels {
		if _, err := htmlindex.Get(label); err != nil || !knownEncoding(strings.ToUpper(label)) {
			t.Errorf("%q: %v", label, err)
		}
	}
	for _, label := range []string{"", " ", "klingon", "utf-8 utf-9", "UTF 8", "gb", "utf-8\n", "replacement"} {
		if knownEncoding(label) {
			t.Errorf("%q is known", label)
		}
	}
}
