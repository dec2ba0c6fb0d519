package local

import "sync"

// shared runs a piece of work for many callers: each gets the result of a
// run that began after its call, and those who wait share one.
type shared struct {
	running sync.Mutex // held by the one who works

	mu   sync.Mutex // guards next
	next *round
}

// round is one run that has not begun.
type round struct {
	done chan struct{}
	err  error // set before done is closed
}

// do returns when a run of work that began after the call has ended.
func (s *shared) do(work func() error) error {
	s.mu.Lock()
	r, leads := s.next, s.next == nil
	if leads {
		r = &round{done: make(chan struct{})}
		s.next = r
	}
	s.mu.Unlock()
	if !leads {
		<-r.done
		return r.err
	}
	s.running.Lock()
	defer s.running.Unlock()
	s.mu.Lock()
	s.next = nil
	s.mu.Unlock()
	r.err = work()
	close(r.done)
	return r.err
}
