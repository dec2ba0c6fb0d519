package sql

import "strings"

// Savepoint is SAVEPOINT, ROLLBACK TO SAVEPOINT or RELEASE SAVEPOINT.
type Savepoint struct {
	Verb string // "SAVEPOINT", "ROLLBACK TO SAVEPOINT", "RELEASE SAVEPOINT"
	Name string
	plain
}

// Noop is a statement that MySQL's tools send around what they do, and that
// has nothing to do in Wharf: Name is "LOCK TABLES", "UNLOCK TABLES", "LOCK
// INSTANCE", "UNLOCK INSTANCE", "FLUSH" or "FLUSH STATUS".
type Noop struct {
	Name string
	plain
}

// CreateDatabase is CREATE DATABASE.
type CreateDatabase struct {
	Name        string
	IfNotExists bool
	plain
}

// ident takes a name of plain MySQL.
func (p *parser) ident() (string, bool) {
	switch p.tok.kind {
	case kindWord:
		return p.advance(), true
	case kindName:
		return p.src.mode.unquote(p.advance()), true
	}
	return "", false
}

// savepoint reads what follows the words of verb.
func (p *parser) savepoint(verb string) Statement {
	name, ok := p.ident()
	if !ok {
		return nil
	}
	return &Savepoint{Verb: verb, Name: name, plain: p.src.plain()}
}

// lock reads LOCK TABLES and LOCK INSTANCE behind LOCK.
func (p *parser) lock() Statement {
	switch {
	case p.acceptAll("INSTANCE", "FOR", "BACKUP"):
		return &Noop{"LOCK INSTANCE", p.src.plain()}
	case !p.accept("TABLES") && !p.accept("TABLE"):
		return nil
	}
	for {
		if !p.lockedTable() {
			return nil
		}
		if !p.accept(",") {
			return &Noop{"LOCK TABLES", p.src.plain()}
		}
	}
}

// lockedTable takes a table with its alias and the kind of its lock.
func (p *parser) lockedTable() bool {
	if _, ok := p.namedTable(); !ok {
		return false
	}
	if !p.is("READ") && !p.is("WRITE") && !p.is("LOW_PRIORITY") {
		p.accept("AS")
		if _, ok := p.ident(); !ok {
			return false
		}
	}
	if p.accept("READ") {
		p.accept("LOCAL")
		return true
	}
	p.accept("LOW_PRIORITY")
	return p.accept("WRITE")
}

// unlock reads what follows UNLOCK.
func (p *parser) unlock() Statement {
	switch {
	case p.accept("TABLES"), p.accept("TABLE"):
		return &Noop{"UNLOCK TABLES", p.src.plain()}
	case p.accept("INSTANCE"):
		return &Noop{"UNLOCK INSTANCE", p.src.plain()}
	}
	return nil
}

// flushed are what FLUSH flushes, beside tables.
var flushed = []string{
	"BINARY LOGS", "ENGINE LOGS", "ERROR LOGS", "GENERAL LOGS", "RELAY LOGS", "SLOW LOGS", "LOGS", "HOSTS", "OPTIMIZER_COSTS",
	"PRIVILEGES", "QUERY CACHE", "USER_RESOURCES",
}

// flush reads what follows FLUSH.
func (p *parser) flush() Statement {
	s := &Noop{"FLUSH", p.src.plain()}
	if !p.accept("NO_WRITE_TO_BINLOG") {
		p.accept("LOCAL")
	}
	if p.accept("TABLES") || p.accept("TABLE") {
		return p.flushTables(s)
	}
	for {
		if p.accept("STATUS") {
			s.Name = "FLUSH STATUS"
		} else if !p.flushedOne() {
			return nil
		}
		if !p.accept(",") {
			return s
		}
	}
}

func (p *parser) flushedOne() bool {
	for _, what := range flushed {
		if p.acceptAll(strings.Fields(what)...) {
			return true
		}
	}
	return false
}

// flushTables reads [table, …] [WITH READ LOCK | FOR EXPORT].
func (p *parser) flushTables(s *Noop) Statement {
	for p.tok.kind != kindEnd && !p.is("WITH") && !p.is("FOR") {
		if _, ok := p.namedTable(); !ok {
			return nil
		}
		if !p.accept(",") {
			break
		}
	}
	_ = p.acceptAll("WITH", "READ", "LOCK") || p.acceptAll("FOR", "EXPORT")
	return s
}

// createDatabase reads CREATE DATABASE with any options behind the name, which
// change nothing about a database that exists.
func (p *parser) createDatabase() Statement {
	if !p.accept("DATABASE") && !p.accept("SCHEMA") {
		return nil
	}
	s := &CreateDatabase{plain: p.src.plain(), IfNotExists: p.acceptAll("IF", "NOT", "EXISTS")}
	name, ok := p.ident()
	if !ok {
		return nil
	}
	s.Name = name
	for p.tok.kind == kindWord || p.tok.kind == kindString || p.is("=") {
		p.advance()
	}
	return s
}

// describeLike reads DESCRIBE table 'pattern' behind its first word.
func (p *parser) describeLike() Statement {
	name, ok := p.ident()
	if !ok {
		return nil
	}
	s := &Show{What: "COLUMNS", On: name, plain: p.src.plain()}
	if p.accept(".") {
		s.Database = s.On
		if s.On, ok = p.ident(); !ok {
			return nil
		}
	}
	if p.tok.kind != kindString {
		return nil
	}
	pattern := p.src.mode.unquote(p.advance())
	s.Like = &pattern
	return s
}

// shownLogs are the SHOWs of logs and replication, of which TiDB's parser knows
// some, and what they are called.
var shownLogs = []struct{ words, what string }{
	{"MASTER STATUS", "MASTER STATUS"},
	{"BINARY LOG STATUS", "BINARY LOG STATUS"},
	{"BINARY LOGS", "BINARY LOGS"},
	{"MASTER LOGS", "BINARY LOGS"},
	{"REPLICA STATUS", "REPLICA STATUS"},
	{"SLAVE STATUS", "SLAVE STATUS"},
	{"ALL SLAVES STATUS", "SLAVE STATUS"},
	{"ALL REPLICAS STATUS", "SLAVE STATUS"},
	{"REPLICAS", "REPLICAS"},
	{"SLAVE HOSTS", "SLAVE HOSTS"},
	{"BINLOG EVENTS", "BINLOG EVENTS"},
	{"RELAYLOG EVENTS", "RELAYLOG EVENTS"},
	{"ENGINE INNODB STATUS", "ENGINE STATUS"},
	{"ENGINE INNODB MUTEX", "ENGINE MUTEX"},
}

// logRange reads which events are to be shown: IN 'log' FROM n LIMIT m, n.
func (p *parser) logRange() {
	if p.accept("IN") && p.tok.kind == kindString {
		p.advance()
	}
	for p.accept("FROM") || p.accept("LIMIT") || p.accept(",") || p.accept("OFFSET") {
		if p.tok.kind == kindNumber {
			p.advance()
		}
	}
}

// showLogs reads them behind SHOW.
func (p *parser) showLogs(s *Show) bool {
	for _, log := range shownLogs {
		if !p.acceptAll(strings.Fields(log.words)...) {
			continue
		}
		s.What = log.what
		if strings.HasSuffix(log.what, "EVENTS") {
			p.logRange()
		}
		if p.acceptAll("FOR", "CHANNEL") && p.tok.kind == kindString {
			p.advance()
		}
		return true
	}
	return false
}
