package sql

import "wharf"

// createConnection reads CREATE CONNECTION from the name on.
func (p *parser) createConnection(replace bool) (Statement, error) {
	s := &CreateConnection{}
	var err error
	s.Mode, s.Name, s.Options, err = p.definition(replace, "connection")
	return s, err
}

// createFileFormat reads CREATE FILE FORMAT from the name on.
func (p *parser) createFileFormat(replace bool) (Statement, error) {
	s := &CreateFileFormat{}
	var err error
	s.Mode, s.Name, s.Options, err = p.definition(replace, "file format")
	return s, err
}

// definition takes [IF NOT EXISTS] name and at least one option, in
// parentheses or not.
func (p *parser) definition(replace bool, what string) (mode wharf.CreateMode, name string, opts []wharf.Option, err error) {
	if mode, err = p.createMode(replace); err != nil {
		return mode, "", nil, err
	}
	if name, err = p.name(what); err != nil {
		return mode, "", nil, err
	}
	start := p.tok
	if p.is("(") {
		opts, err = p.options()
	} else {
		opts, err = p.pairs()
	}
	if err == nil && len(opts) == 0 {
		p.tok = start
		err = p.fail("expected the options of the " + what + " as NAME = value")
	}
	return mode, name, opts, err
}

func (p *parser) dropConnection() (Statement, error) {
	s := &DropConnection{}
	var err error
	s.IfExists, s.Name, err = p.dropped("connection")
	return s, err
}

func (p *parser) dropFileFormat() (Statement, error) {
	s := &DropFileFormat{}
	var err error
	s.IfExists, s.Name, err = p.dropped("file format")
	return s, err
}

// dropped takes [IF EXISTS] name.
func (p *parser) dropped(what string) (bool, string, error) {
	ifExists, err := p.ifExists()
	if err != nil {
		return false, "", err
	}
	name, err := p.name(what)
	return ifExists, name, err
}

func (p *parser) descConnection() (Statement, error) {
	name, err := p.name("connection")
	return &DescConnection{name}, err
}

func (p *parser) descFileFormat() (Statement, error) {
	name, err := p.name("file format")
	return &DescFileFormat{name}, err
}

func (p *parser) showConnections() (Statement, error) {
	filter, err := p.filter()
	return &ShowConnections{filter}, err
}

func (p *parser) showFileFormats() (Statement, error) {
	filter, err := p.filter()
	return &ShowFileFormats{filter}, err
}
