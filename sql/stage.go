package sql

import (
	"strings"

	"wharf"
)

// createStage reads CREATE STAGE from the name on.
func (p *parser) createStage(replace bool) (Statement, error) {
	mode, err := p.createMode(replace)
	if err != nil {
		return nil, err
	}
	name, err := p.stage()
	if err != nil {
		return nil, err
	}
	set, err := p.settings()
	if err != nil {
		return nil, err
	}
	return &CreateStage{Mode: mode, Name: name, StageSettings: *set}, nil
}

const expectClause = "expected URL, CONNECTION, FILE_FORMAT, COPY_OPTIONS, COMMENT, MAX_FILES or MAX_BYTES"

// settings takes the clauses that CREATE STAGE and ALTER STAGE … SET share:
// in any order, each at most once, until the end of the statement.
func (p *parser) settings() (*StageSettings, error) {
	set := &StageSettings{}
	for p.tok.kind != kindEnd {
		if err := p.setting(set); err != nil {
			return nil, err
		}
		if p.accept(",") && p.tok.kind == kindEnd {
			return nil, p.fail(expectClause)
		}
	}
	return set, p.finish()
}

func (p *parser) setting(set *StageSettings) error {
	if p.isText() {
		return p.textClause(&set.URL, "URL", false)
	}
	switch strings.ToUpper(p.text()) {
	case "URL":
		return p.textClause(&set.URL, "URL", true)
	case "COMMENT", "COMMENTS":
		return p.textClause(&set.Comment, "COMMENT", true)
	case "CONNECTION", "CREDENTIALS":
		return p.optionsClause(&set.Connection, "CONNECTION", p.options)
	case "FILE_FORMAT":
		return p.optionsClause(&set.FileFormat, "FILE_FORMAT", p.fileFormat)
	case "COPY_OPTIONS":
		return p.optionsClause(&set.CopyOptions, "COPY_OPTIONS", p.options)
	case "MAX_FILES":
		return p.quotaClause(&set.MaxFiles, "MAX_FILES", "files")
	case "MAX_BYTES":
		return p.quotaClause(&set.MaxBytes, "MAX_BYTES", "bytes")
	}
	if p.is("ENCRYPTION") || p.is("DIRECTORY") || p.is("STORAGE_INTEGRATION") {
		return notDone(strings.ToUpper(p.text()) + " of a stage")
	}
	return p.fail(expectClause)
}

// textClause takes NAME = 'text', or only the text where the clause is not
// named.
func (p *parser) textClause(to **string, clause string, named bool) error {
	if err := p.once(*to != nil, clause); err != nil {
		return err
	}
	if named {
		p.advance()
		if err := p.expect("="); err != nil {
			return err
		}
	}
	s, err := p.str("the " + clause)
	*to = &s
	return err
}

func (p *parser) optionsClause(to *[]wharf.Option, clause string, read func() ([]wharf.Option, error)) error {
	if err := p.once(*to != nil, clause); err != nil {
		return err
	}
	p.advance()
	if err := p.expect("="); err != nil {
		return err
	}
	var err error
	*to, err = read()
	return err
}

// quotaClause takes NAME = n.
func (p *parser) quotaClause(to **int64, clause, unit string) error {
	if err := p.once(*to != nil, clause); err != nil {
		return err
	}
	p.advance()
	n, err := p.atLeastOne(unit, 63)
	quota := int64(n)
	*to = &quota
	return err
}

// fileFormat takes options in parentheses, or the name of a file format.
func (p *parser) fileFormat() ([]wharf.Option, error) {
	if !p.isText() {
		return p.options()
	}
	o := wharf.Option{Name: "FORMAT_NAME", Kind: wharf.OptionString, Value: p.textHere()}
	p.advance()
	return []wharf.Option{o}, nil
}

// alterStage reads ALTER STAGE from IF EXISTS on.
func (p *parser) alterStage() (Statement, error) {
	s := &AlterStage{}
	var err error
	if s.IfExists, err = p.ifExists(); err != nil {
		return nil, err
	}
	if s.Name, err = p.stage(); err != nil {
		return nil, err
	}
	switch {
	case p.accept("SET"):
		if p.tok.kind == kindEnd {
			return nil, p.fail(expectClause)
		}
		s.Set, err = p.settings()
	case p.accept("UNSET"):
		s.Unset, err = p.unset()
	case p.acceptAll("RENAME", "TO"):
		s.RenameTo, err = p.stage()
	case p.is("REFRESH"):
		err = notDone("ALTER STAGE … REFRESH")
	default:
		err = p.fail("expected SET, UNSET or RENAME TO")
	}
	return s, err
}

// unset takes what ALTER STAGE … UNSET names.
func (p *parser) unset() ([]string, error) {
	var list []string
	for {
		clause := strings.ToUpper(p.text())
		switch clause {
		case "COMMENTS":
			clause = "COMMENT"
		case "COMMENT", "FILE_FORMAT", "COPY_OPTIONS", "MAX_FILES", "MAX_BYTES":
		default:
			return nil, p.fail("expected FILE_FORMAT, COPY_OPTIONS, COMMENT, MAX_FILES or MAX_BYTES")
		}
		for _, other := range list {
			if err := p.once(other == clause, clause); err != nil {
				return nil, err
			}
		}
		p.advance()
		list = append(list, clause)
		if !p.accept(",") {
			return list, nil
		}
	}
}

func (p *parser) dropStage() (Statement, error) {
	s := &DropStage{}
	var err error
	if s.IfExists, err = p.ifExists(); err == nil {
		s.Name, err = p.stage()
	}
	return s, err
}

func (p *parser) descStage() (Statement, error) {
	name, err := p.stage()
	return &DescStage{name}, err
}

func (p *parser) showStages() (Statement, error) {
	filter, err := p.filter()
	return &ShowStages{filter}, err
}

func (p *parser) showCreateStage() (Statement, error) {
	name, err := p.stage()
	return &ShowCreateStage{name}, err
}
