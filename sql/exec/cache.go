package exec

import (
	"strings"
	"sync"

	"wharf/sql"
)

const (
	// maxCached is the most statements that one generation of a cache has.
	maxCached = 256
	// maxCachedText is the longest text that is remembered, in bytes.
	maxCachedText = 512
)

// statementCache remembers statements by their text, for clients send the
// same few again and again. It is safe for concurrent use, as the statements
// are: nobody changes one. What was not asked for while maxCached others came
// is forgotten.
type statementCache struct {
	mu         sync.Mutex // guards what follows
	young, old map[string]*Stmt
}

// find gives the statement that is all of text, or nil.
func (c *statementCache) find(text string) *Stmt {
	if len(text) > maxCachedText {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if st := c.young[text]; st != nil {
		return st
	}
	st := c.old[text]
	if st != nil {
		c.put(text, st)
	}
	return st
}

// remember keeps the statement that is all of text, if it is of a kind that
// is worth it and holds nothing that is not to be kept: a text in quotes may
// be a secret, and is seldom the same again.
func (c *statementCache) remember(text string, st *Stmt) {
	switch st.parsed.(type) {
	case *sql.Select, *sql.Set, *sql.Show, *sql.Transaction:
	default:
		return
	}
	if len(text) > maxCachedText || strings.ContainsAny(text, `'"`) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(text, st)
}

// put adds a statement to the young ones. c.mu is held.
func (c *statementCache) put(text string, st *Stmt) {
	if c.young == nil || len(c.young) >= maxCached {
		c.young, c.old = make(map[string]*Stmt), c.young
	}
	c.young[text] = st
}
