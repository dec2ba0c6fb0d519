package server

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"wharf"
	"wharf/sql/exec"
)

// Processes lists the connections that have logged in, by ID.
func (s *Server) Processes() []exec.Process {
	var list []exec.Process
	for _, c := range s.all() {
		if p, ok := c.process(); ok {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b exec.Process) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Kill ends the connection with that ID, or its running statement only. An
// unknown ID is wharf.CodeNotFound; a connection without a running statement
// has nothing to end and no error. A statement that ends itself, whose context
// ctx is, gets wharf.CodeCanceled.
func (s *Server) Kill(ctx context.Context, id uint32, queryOnly bool) error {
	s.mu.Lock()
	c := s.conns[id]
	s.mu.Unlock()
	if c == nil {
		return &wharf.Error{Code: wharf.CodeNotFound, Err: exec.ErrUnknownThread, Msg: fmt.Sprintf("Unknown thread id: %d", id)}
	}
	if queryOnly {
		c.interrupt(interrupted())
	} else {
		c.end(interrupted())
	}
	if ctx.Err() != nil {
		return &wharf.Error{Code: wharf.CodeCanceled, Op: "server.Kill", Msg: interrupted().msg, Err: context.Cause(ctx)}
	}
	return nil
}
