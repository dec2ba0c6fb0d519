package server

import (
	"sync/atomic"

	"wharf/sql/exec"
)

// counted is what is counted for one connection. Its goroutine counts; others
// read.
type counted struct {
	received, sent                                      atomic.Uint64 // bytes of packets
	prepares, executes, closes, resets, fetches, pieces atomic.Uint64
}

// counters gives what was counted for the connection so far.
func (c *counted) counters() exec.Counters {
	return exec.Counters{
		Received: c.received.Load(), Sent: c.sent.Load(),
		Prepares: c.prepares.Load(), Executes: c.executes.Load(), Closes: c.closes.Load(),
		Resets: c.resets.Load(), Fetches: c.fetches.Load(), Pieces: c.pieces.Load(),
	}
}

// addCounters adds what one connection counted.
func addCounters(sum *exec.Counters, c exec.Counters) {
	sum.Received += c.Received
	sum.Sent += c.Sent
	sum.Prepares += c.Prepares
	sum.Executes += c.Executes
	sum.Closes += c.Closes
	sum.Resets += c.Resets
	sum.Fetches += c.Fetches
	sum.Pieces += c.Pieces
}

// Counters returns what was counted for all connections since the server was
// made.
func (s *Server) Counters() exec.Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.ended
	for _, c := range s.conns {
		addCounters(&sum, c.counted.counters())
	}
	sum.Statements = uint64(max(s.statements.Load(), 0))
	return sum
}

// countEnd counts a connection that has ended. s.mu is held.
func (s *Server) countEnd(c *conn) {
	addCounters(&s.ended, c.counted.counters())
	switch {
	case !c.loggedIn:
		s.ended.AbortedConnects++
	case !c.quit && !c.released:
		s.ended.AbortedClients++
	}
}

// LoggedIn reports how many connections have logged in and not ended.
func (s *Server) LoggedIn() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loggedIn
}
