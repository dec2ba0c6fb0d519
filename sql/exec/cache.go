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
// are: they never change. A statement is forgotten when nobody has sent it
// while maxCached others were added.
type statementCache struct {
	mu         sync.Mutex // guards what follows
	young, old map[cacheKey]*Stmt
}

// cacheKey is a text and the modes by which it was read.
type cacheKey struct {
	text string
	mode sql.Mode
}

// find gives the statement that is all of text, or nil.
func (c *statementCache) find(text string, mode sql.Mode) *Stmt {
	if len(text) > maxCachedText {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := cacheKey{text, mode}
	if st := c.young[key]; st != nil {
		return st
	}
	st := c.old[key]
	if st != nil {
		c.put(key, st)
	}
	return st
}

// remember keeps the statement that is all of text, if it is of a kind that
// is worth it and holds nothing that is not to be kept: a text in quotes may
// be a secret, and is seldom the same again.
func (c *statementCache) remember(text string, mode sql.Mode, st *Stmt) {
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
	c.put(cacheKey{text, mode}, st)
}

// put adds a statement to the young ones. c.mu is held.
func (c *statementCache) put(key cacheKey, st *Stmt) {
	if c.young == nil || len(c.young) >= maxCached {
		c.young, c.old = make(map[cacheKey]*Stmt), c.young
	}
	c.young[key] = st
}
