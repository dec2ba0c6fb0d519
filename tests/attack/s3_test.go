//go:build !race

package attack

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"wharf/tests/harness"
)

// hostileWithin is how soon each use of a hostile S3 server has to end. The
// server's own limit is 30 seconds for an answer; a use has several.
const hostileWithin = 3 * time.Minute

// TestHostileS3 has stages on S3 servers whose answers have no end, no measure
// or no pace, all at once: each use of each of them ends.
func TestHostileS3(t *testing.T) {
	t.Parallel()
	s := start(t, harness.Options{})
	faults := harness.HostileS3()
	maps.Copy(faults, harness.DrippingS3())
	var fakes []*harness.FakeS3
	c := s.honestClient()
	n := 0
	names := map[string]string{} // of the faults, by stage
	for name, fault := range faults {
		n++
		f, stage := harness.StartFakeS3(t, fault), fmt.Sprintf("hostile%d", n)
		fakes, names[stage] = append(fakes, f), name
		if _, err := c.db.Exec(harness.CreateS3Stage(stage, harness.Bucket, "p/", f.URL, "access", "hostile-secret-96")); err != nil {
			t.Fatal(err)
		}
	}
	c.close()
	s.under(func() {
		var wg sync.WaitGroup
		for stage, name := range names {
			for _, use := range []string{"list", "remove", "store", "store much"} {
				wg.Go(func() {
					begin := time.Now()
					err := s.useHostile(stage, use)
					if took := time.Since(begin); err != nil || took > hostileWithin {
						t.Errorf("%s: %s ended after %s: %v", name, use, took, err)
					}
				})
			}
		}
		wg.Wait()
		for _, f := range fakes {
			f.Close() // idle connections to it end
		}
	})
}

// useHostile uses a stage in one way and wants an answer: that it works, for
// what the fault does not touch, or that the S3 server is to blame.
func (s *target) useHostile(stage, use string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*hostileWithin)
	defer cancel()
	c := s.honestClient()
	defer c.close()
	switch use {
	case "store":
		return c.put(ctx, stage, []byte("small"))
	case "store much":
		return c.put(ctx, stage, make([]byte, 9<<20))
	}
	_, err := c.db.ExecContext(ctx, strings.ToUpper(use)+" @"+stage+"/")
	if err != nil && strings.HasPrefix(err.Error(), "Error 1296") {
		return nil
	}
	return err
}

// put stores a file, or is told that the S3 server is to blame.
func (c *client) put(ctx context.Context, stage string, content []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+c.s.HTTP+"/v1/stage/"+stage+"/a", bytes.NewReader(content))
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadGateway && resp.StatusCode != http.StatusOK {
		return fmt.Errorf("PUT: %s", resp.Status)
	}
	return nil
}
