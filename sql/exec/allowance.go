package exec

import (
	"context"
	"time"
)

// allowance is the time that a cursor's statement may take by
// max_execution_time. It passes only while rows are asked for: what the client
// does between two fetches is no matter of the statement, as in MySQL, which
// has all rows before the first.
type allowance struct {
	left  time.Duration
	over  context.CancelCauseFunc // nil without a bound
	timer *time.Timer             // nil while it does not pass
	since time.Time               // it passes, or does not
	idle  time.Duration           // in which it did not pass
}

// start bounds the time of the statement that was just begun.
func (a *allowance) start(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, a.over = context.WithCancelCause(ctx)
	a.left = limit
	a.run()
	return ctx, func() { a.over(nil) }
}

func (a *allowance) run() {
	over := a.over
	a.timer = time.AfterFunc(a.left, func() { over(errDeadline) })
}

func (a *allowance) resume() {
	now := time.Now()
	if !a.since.IsZero() {
		a.idle += now.Sub(a.since)
	}
	if a.since = now; a.over != nil {
		a.run()
	}
}

func (a *allowance) pause() {
	now := time.Now()
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
		a.left -= now.Sub(a.since)
	}
	a.since = now
}
