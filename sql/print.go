package sql

import (
	"strings"
	"unicode/utf8"

	"wharf"
)

// printer writes the stage statements in canonical form.
type printer struct {
	b      strings.Builder
	redact bool
}

// printed is what a stage statement does to be printed.
type printed interface{ print(*printer) }

func canonical(s printed) string {
	var p printer
	s.print(&p)
	return p.b.String()
}

func redacted(s printed) string {
	p := printer{redact: true}
	s.print(&p)
	return p.b.String()
}

func (p *printer) put(parts ...string) {
	for _, s := range parts {
		p.b.WriteString(s)
	}
}

// when writes s if the condition holds.
func (p *printer) when(cond bool, s string) {
	if cond {
		p.put(s)
	}
}

// name writes an identifier, quoted where it could be read as something
// else.
func (p *printer) name(s string) {
	if isPlainName(s) {
		p.put(s)
		return
	}
	p.put("`", strings.ReplaceAll(s, "`", "``"), "`")
}

func isPlainName(s string) bool {
	switch strings.ToUpper(s) {
	case "", "IF", "SET", "UNSET", "RENAME":
		return false
	}
	return !isDigit(s[0]) && wordLen(s) == len(s)
}

// str writes a string value.
func (p *printer) str(s string) {
	if p.redact {
		p.put("'…'")
		return
	}
	p.quote(s)
}

func (p *printer) quote(s string) {
	p.put("'")
	for i := range len(s) {
		switch c := s[i]; c {
		case '\'':
			p.put("''")
		case '\\':
			p.put(`\\`)
		case 0:
			p.put(`\0`)
		case '\n':
			p.put(`\n`)
		case '\r':
			p.put(`\r`)
		case '\t':
			p.put(`\t`)
		case 26:
			p.put(`\Z`)
		default:
			p.b.WriteByte(c)
		}
	}
	p.put("'")
}

// location writes a location, as a string where it cannot stand bare. It is
// no value: it shows when others are redacted.
func (p *printer) location(l Location) {
	for _, r := range string(l) {
		if !bareInLocation(r) {
			p.quote("@" + string(l))
			return
		}
	}
	if strings.Contains(string(l), "--") {
		p.quote("@" + string(l))
		return
	}
	p.put("@", string(l))
}

func bareInLocation(r rune) bool {
	return r >= utf8.RuneSelf || isWordByte(byte(r)) || strings.ContainsRune("/-.=+~%:@", r)
}

// text writes a clause with a string, or nothing.
func (p *printer) text(clause string, s *string) {
	if s != nil {
		p.put(" ", clause, " = ")
		p.str(*s)
	}
}

// options writes a clause with options in parentheses, or nothing.
func (p *printer) options(clause string, opts []wharf.Option) {
	if opts != nil {
		p.put(" ", clause, " = (")
		p.pairs(opts, ", ", clause == "CONNECTION")
		p.put(")")
	}
}

// OptionsText writes options as they stand between the parentheses of a clause.
func OptionsText(opts []wharf.Option) string {
	var p printer
	p.pairs(opts, ", ", false)
	return p.b.String()
}

// pairs writes options. The values of a connection are secret however they
// are written, and so is a key that ended up among other options.
func (p *printer) pairs(opts []wharf.Option, sep string, secret bool) {
	for i, o := range opts {
		p.when(i > 0, sep)
		p.put(o.Name, " = ")
		p.value(o, secret || p.redact && mayHoldKey(o.Name))
	}
}

func (p *printer) value(o wharf.Option, secret bool) {
	switch {
	case o.Kind == wharf.OptionString || secret && p.redact:
		p.str(o.Value)
	case o.Kind == wharf.OptionList:
		p.put("(")
		for i, s := range o.List {
			p.when(i > 0, ", ")
			p.str(s)
		}
		p.put(")")
	default:
		p.put(o.Value)
	}
}

// Each stage statement prints itself in canonical form, and redacted.

// String prints the statement in canonical form.
func (s *CreateStage) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *CreateStage) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *AlterStage) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *AlterStage) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DropStage) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DropStage) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DescStage) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DescStage) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *ShowStages) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *ShowStages) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *ShowCreateStage) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *ShowCreateStage) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *ListFiles) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *ListFiles) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *RemoveFiles) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *RemoveFiles) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *CopyFiles) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *CopyFiles) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *Presign) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *Presign) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *CreateConnection) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *CreateConnection) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DropConnection) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DropConnection) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DescConnection) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DescConnection) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *ShowConnections) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *ShowConnections) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *CreateFileFormat) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *CreateFileFormat) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DropFileFormat) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DropFileFormat) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *DescFileFormat) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *DescFileFormat) Redacted() string { return redacted(s) }

// String prints the statement in canonical form.
func (s *ShowFileFormats) String() string { return canonical(s) }

// Redacted prints it with every string value as '…'.
func (s *ShowFileFormats) Redacted() string { return redacted(s) }
