package s3_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"wharf"
	"wharf/storage/s3"
	"wharf/storage/storagetest"
)

// TestConformance runs the suite against a real server. The exceptions are
// versitygw's, whose objects are files in folders.
func TestConformance(t *testing.T) {
	b := newBackend(t, s3.Options{Endpoint: shared.url})
	storagetest.Run(t, storagetest.Options{
		New: func(t *testing.T) wharf.Store {
			return open(t, b, stageAt("s3://"+newBucket(t)+"/", ""))
		},
		Plant: func(t *testing.T, s wharf.Store, name, content string) string {
			if filepath.Clean(name) != name || !filepath.IsLocal(name) || !utf8.ValidString(name) {
				return "" // versitygw's objects are files
			}
			path := filepath.Join(shared.dir, strings.TrimPrefix(fmt.Sprint(s), "s3://"), name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			return strings.ReplaceAll(name, "\x02", "\ufffd") // as versitygw lists it
		},
		Exceptions: []storagetest.Exception{
			storagetest.NoKeyBelowKey, storagetest.CollapsesSlashes, storagetest.ShortSegments, storagetest.NoNoncharacters,
		},
	})
}
