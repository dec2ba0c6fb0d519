package sql

// TableMaintenance is ANALYZE, CHECK, CHECKSUM, OPTIMIZE or REPAIR TABLE.
type TableMaintenance struct {
	Verb   string // in upper case
	Tables []NamedTable
	plain
}

// maintenanceOptions are what may stand behind the tables, by verb.
var maintenanceOptions = map[string][]string{
	"ANALYZE": nil, "OPTIMIZE": nil,
	"CHECK":    {"QUICK", "FAST", "MEDIUM", "EXTENDED", "CHANGED"},
	"CHECKSUM": {"QUICK", "EXTENDED"},
	"REPAIR":   {"QUICK", "EXTENDED", "USE_FRM"},
}

// maintenance reads a statement about tables from its verb, nil where it is another.
func (p *parser) maintenance() Statement {
	s := &TableMaintenance{plain: p.src.plain()}
	for verb := range maintenanceOptions {
		if p.accept(verb) {
			s.Verb = verb
			break
		}
	}
	if s.Verb != "CHECK" && s.Verb != "CHECKSUM" && !p.accept("NO_WRITE_TO_BINLOG") {
		p.accept("LOCAL")
	}
	if s.Verb == "" || !p.accept("TABLE") && !p.accept("TABLES") {
		return nil
	}
	for {
		t, ok := p.namedTable()
		if !ok {
			return nil
		}
		s.Tables = append(s.Tables, t)
		if !p.accept(",") {
			break
		}
	}
	for p.maintenanceOption(s.Verb) {
	}
	return s
}

func (p *parser) maintenanceOption(verb string) bool {
	if verb == "CHECK" && p.acceptAll("FOR", "UPGRADE") {
		return true
	}
	for _, option := range maintenanceOptions[verb] {
		if p.accept(option) {
			return true
		}
	}
	return false
}

// namedTable takes [database.]table.
func (p *parser) namedTable() (t NamedTable, ok bool) {
	if t.Name, ok = p.ident(); !ok || !p.accept(".") {
		return t, ok
	}
	t.Schema = t.Name
	t.Name, ok = p.ident()
	return t, ok
}
