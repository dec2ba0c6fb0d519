package sql

import (
	"slices"
	"strings"

	"wharf"
)

// grant reads GRANT from the privileges or roles on.
func (p *parser) grant() (Statement, error) { return p.grantOrRevoke(false) }

// revoke reads REVOKE from the privileges or roles on.
func (p *parser) revoke() (Statement, error) { return p.grantOrRevoke(true) }

func (p *parser) grantOrRevoke(revoke bool) (Statement, error) {
	if p.is("PROXY") {
		return nil, notDone("GRANT PROXY")
	}
	if p.isForPrivileges() {
		return p.privileges(revoke)
	}
	s := &GrantRole{Revoke: revoke, plain: p.src.plain()}
	var err error
	if s.Roles, err = p.accounts("a role"); err != nil {
		return nil, err
	}
	s.To, err = p.grantees(revoke)
	return s, err
}

// isForPrivileges reports whether the statement has ON, and so is not about roles.
func (p *parser) isForPrivileges() bool {
	for at := p.tok; at.kind != kindEnd; at = p.src.tokenAt(at.end) {
		if at.kind != kindWord {
			continue
		}
		switch strings.ToUpper(p.src.clean[at.start:at.end]) {
		case "ON":
			return true
		case "TO", "FROM":
			return false
		case "ALL":
			return true // REVOKE ALL PRIVILEGES, GRANT OPTION FROM u
		}
	}
	return false
}

const privilegesHere = "the privileges are READ, WRITE and OWNERSHIP ON STAGE s, USAGE and OWNERSHIP ON CONNECTION c, and CREATE STAGE and SUPER ON *.*"

// privileges reads GRANT and REVOKE of privileges.
func (p *parser) privileges(revoke bool) (Statement, error) {
	s := &Grant{Revoke: revoke, plain: p.src.plain()}
	for {
		name, err := p.privilege()
		if err != nil {
			return nil, err
		}
		s.Privileges = append(s.Privileges, name)
		if !p.accept(",") {
			break
		}
	}
	if slices.Contains(s.Privileges, "GRANT OPTION") {
		return nil, notDone("GRANT OPTION")
	}
	if err := p.expect("ON"); err != nil {
		return nil, err
	}
	var err error
	switch {
	case p.accept("STAGE"):
		s.On = "STAGE"
		s.Name, err = p.stage()
	case p.accept("CONNECTION"):
		s.On = "CONNECTION"
		s.Name, err = p.name("connection")
	case p.acceptAll("*", ".", "*"):
	default:
		// A database, a table or a routine of MySQL's.
		err = wharf.Errorf(wharf.CodeUnsupported, "GRANT on a database or a table is not supported by Wharf; "+privilegesHere)
	}
	if err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	s.To, err = p.grantees(revoke)
	return s, err
}

// privilege takes the words of a privilege, up to what follows it.
func (p *parser) privilege() (string, error) {
	var words []string
	for p.tok.kind == kindWord && !p.is("ON") && !p.is("FROM") && !p.is("TO") && len(words) < 4 {
		words = append(words, strings.ToUpper(p.advance()))
	}
	if words == nil {
		return "", p.fail("expected a privilege")
	}
	if p.is("(") {
		return "", wharf.Errorf(wharf.CodeUnsupported, "privileges of columns are not supported by Wharf; "+privilegesHere)
	}
	name := strings.Join(words, " ")
	if name == "ALL PRIVILEGES" {
		name = "ALL"
	}
	return name, nil
}

// check refuses privileges that are not those of what they are granted on.
func (s *Grant) check() error {
	known := map[string][]string{
		"STAGE": {"READ", "WRITE", "OWNERSHIP"}, "CONNECTION": {"USAGE", "OWNERSHIP"}, "": {"CREATE STAGE", "SUPER", "USAGE"},
	}[s.On]
	on := "ON *.*"
	if s.On != "" {
		on = "ON " + s.On
	}
	for i, name := range s.Privileges {
		switch {
		case name == "ALL" && len(s.Privileges) > 1, slices.Contains(s.Privileges[:i], name):
			return wharf.Errorf(wharf.CodeSyntax, "%s is among several privileges, or there twice", name)
		case name != "ALL" && !slices.Contains(known, name):
			return wharf.Errorf(wharf.CodeUnsupported, "the privilege %s %s is not supported by Wharf; %s", firstRunes(name, maxNear), on, privilegesHere)
		}
	}
	return nil
}

// grantees takes TO or FROM, and who follows it.
func (p *parser) grantees(revoke bool) ([]AccountName, error) {
	word := "TO"
	if revoke {
		word = "FROM"
	}
	if err := p.expect(word); err != nil {
		return nil, err
	}
	list, err := p.accounts("a user")
	switch {
	case err != nil:
		return nil, err
	case p.acceptAll("WITH", "GRANT", "OPTION"):
		return nil, notDone("WITH GRANT OPTION")
	case p.acceptAll("WITH", "ADMIN", "OPTION"):
		return nil, notDone("WITH ADMIN OPTION")
	}
	return list, nil
}

func (p *parser) accounts(what string) ([]AccountName, error) {
	var list []AccountName
	for {
		a, err := p.account(what)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
		if !p.accept(",") {
			return list, nil
		}
	}
}

// account takes 'user'@'host', 'user' or CURRENT_USER().
func (p *parser) account(what string) (AccountName, error) {
	if p.accept("CURRENT_USER") {
		if p.accept("(") {
			return AccountName{Current: true}, p.expect(")")
		}
		return AccountName{Current: true}, nil
	}
	var a AccountName
	var ok bool
	if a.User, ok = p.accountPart(); !ok {
		return a, p.fail("expected the name of " + what + " as 'user'@'host'")
	}
	if !p.accept("@") {
		return a, nil
	}
	if a.Host, ok = p.accountPart(); !ok {
		return a, p.fail("expected the host of " + what + " in quotes")
	}
	return a, nil
}

func (p *parser) accountPart() (string, bool) {
	switch p.tok.kind {
	case kindWord:
		return p.advance(), true
	case kindString, kindName:
		return p.src.mode.unquote(p.advance()), true
	}
	return "", false
}

// showUsers reads SHOW USERS.
func (p *parser) showUsers() (Statement, error) { return p.showAccounts("USERS") }

// showRoles reads SHOW ROLES.
func (p *parser) showRoles() (Statement, error) { return p.showAccounts("ROLES") }

func (p *parser) showAccounts(what string) (Statement, error) {
	f, err := p.filter()
	return &Show{What: what, Like: f.Like, Where: f.Where, plain: p.src.plain()}, err
}
