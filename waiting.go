package wharf

import "context"

type waitingKey struct{}

// WithWaiting gives a context under which [Waiting] calls f. It is for those
// who gather what a stream yields before they pass it on: f passes on what is
// there so far.
func WithWaiting(ctx context.Context, f func()) context.Context {
	return context.WithValue(ctx, waitingKey{}, f)
}

// Waiting tells the reader of a stream that the next element may take its
// time: the stream is about to wait for the network, or for work that was not
// asked for yet. It is called between two elements, on the goroutine that
// yields them, under the context that the stream was made with.
func Waiting(ctx context.Context) {
	if f, ok := ctx.Value(waitingKey{}).(func()); ok {
		f()
	}
}
