package s3_test

import (
	"testing"

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
		Exceptions: []storagetest.Exception{
			storagetest.NoKeyBelowKey, storagetest.CollapsesSlashes, storagetest.ShortSegments, storagetest.NoNoncharacters,
		},
	})
}
