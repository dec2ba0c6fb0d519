package sql

import (
	"math"
	"strconv"
	"time"

	"wharf"
)

// The statements about tokens. No text of theirs holds a secret: the server makes it.

// CreateToken is CREATE TOKEN name [FOR user] [EXPIRES IN n SECONDS | HOURS | DAYS].
type CreateToken struct {
	Name string
	For  *AccountName  // nil is the user who asks
	Life time.Duration // 0 is for ever
	plain
}

// DropToken is DROP TOKEN [IF EXISTS] name [FOR user].
type DropToken struct {
	IfExists bool
	Name     string
	For      *AccountName // nil is the user who asks
	plain
}

// createToken reads CREATE TOKEN from the name on. It does not replace a token: the
// clients that have it would be shut out.
func (p *parser) createToken(replace bool) (Statement, error) {
	if replace {
		return nil, wharf.Errorf(wharf.CodeUnsupported, "CREATE OR REPLACE TOKEN is not supported by Wharf; DROP TOKEN ends the old one")
	}
	s := &CreateToken{plain: p.src.plain()}
	var err error
	if s.Name, err = p.name("token"); err != nil {
		return nil, err
	}
	if s.For, err = p.forUser(); err != nil {
		return nil, err
	}
	if p.acceptAll("EXPIRES", "IN") {
		s.Life, err = p.life()
	}
	return s, err
}

// forUser takes FOR user, or nothing.
func (p *parser) forUser() (*AccountName, error) {
	if !p.accept("FOR") {
		return nil, nil
	}
	a, err := p.account("a user")
	return &a, err
}

// life takes a number and its unit.
func (p *parser) life() (time.Duration, error) {
	n, err := strconv.ParseInt(p.text(), 10, 64)
	if p.tok.kind != kindNumber || err != nil || n == 0 {
		return 0, p.fail("expected a number of SECONDS, HOURS or DAYS, at least 1")
	}
	p.advance()
	unit := time.Duration(0)
	for word, is := range map[string]time.Duration{"SECOND": time.Second, "HOUR": time.Hour, "DAY": 24 * time.Hour} {
		if p.accept(word) || p.accept(word+"S") {
			unit = is
		}
	}
	switch {
	case unit == 0:
		return 0, p.fail("expected SECONDS, HOURS or DAYS")
	case n > int64(math.MaxInt64/unit):
		return math.MaxInt64, nil // longer than any token lives
	}
	return time.Duration(n) * unit, nil
}

// dropToken reads DROP TOKEN from the name on.
func (p *parser) dropToken() (Statement, error) {
	s := &DropToken{plain: p.src.plain()}
	var err error
	if s.IfExists, err = p.ifExists(); err != nil {
		return nil, err
	}
	if s.Name, err = p.name("token"); err != nil {
		return nil, err
	}
	s.For, err = p.forUser()
	return s, err
}

// showTokens reads SHOW TOKENS [FOR user] [LIKE '…' | WHERE …].
func (p *parser) showTokens() (Statement, error) {
	of, err := p.forUser()
	if err != nil {
		return nil, err
	}
	f, err := p.filter()
	return &Show{What: "TOKENS", Of: of, Like: f.Like, Where: f.Where, plain: p.src.plain()}, err
}
