package wharf

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// admission bounds the memory that uploads hold at one time. Uploads wait
// first come, first served; a large one is not overtaken for ever by small
// ones.
type admission struct {
	sem   *semaphore.Weighted
	total int64
	wait  time.Duration
}

func newAdmission(total int64, wait time.Duration) *admission {
	return &admission{sem: semaphore.NewWeighted(total), total: total, wait: wait}
}

// acquire waits for cost bytes and returns what gives them back. After the
// wait it fails with CodeUnavailable.
func (a *admission) acquire(ctx context.Context, cost int64) (release func(), err error) {
	cost = min(max(cost, 1), a.total)
	release = func() { a.sem.Release(cost) }
	if a.sem.TryAcquire(cost) {
		return release, nil
	}
	waiting, cancel := context.WithTimeout(ctx, a.wait)
	defer cancel()
	if err := a.sem.Acquire(waiting, cost); err != nil {
		if ctx.Err() != nil {
			return nil, WrapError(CodeCanceled, "upload", "the request was interrupted", ctx.Err())
		}
		return nil, Errorf(CodeUnavailable, "the server is busy with other uploads and had no room for this one within %s; try again", a.wait)
	}
	return release, nil
}
