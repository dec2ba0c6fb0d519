package server

import (
	"context"
	"net"
	"time"

	"wharf"
)

// endedWithin is how long Shutdown waits for what it has told to end.
const endedWithin = 5 * time.Second

// Shutdown stops accepting, ends idle connections at once, and lets running
// statements finish until ctx is done. Then it cancels them and closes their
// connections. It returns when all have ended; an error means that some did
// not, soon after they were told to.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopListening()
	for _, c := range s.all() {
		c.drain()
	}
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	for _, c := range s.all() {
		c.end(shuttingDown())
	}
	select {
	case <-done:
		return nil
	case <-time.After(endedWithin):
		return wharf.Errorf(wharf.CodeTimeout, "%d MySQL connections did not end", len(s.all()))
	}
}

func (s *Server) stopListening() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	s.memory.stop()
	for ln := range s.listeners {
		ln.Close()
	}
	s.listeners = map[net.Listener]struct{}{}
}
