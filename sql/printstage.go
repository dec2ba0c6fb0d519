package sql

import (
	"strconv"

	"wharf"
)

func (s *CreateStage) print(p *printer) {
	p.create("STAGE", s.Mode, s.Name)
	p.settings(&s.StageSettings)
}

func (p *printer) settings(s *StageSettings) {
	p.text("URL", s.URL)
	p.options("CONNECTION", s.Connection)
	p.options("FILE_FORMAT", s.FileFormat)
	p.options("COPY_OPTIONS", s.CopyOptions)
	p.text("COMMENT", s.Comment)
	p.number("MAX_FILES", s.MaxFiles)
	p.number("MAX_BYTES", s.MaxBytes)
}

// number writes NAME = n, or nothing.
func (p *printer) number(clause string, n *int64) {
	if n != nil && *n != 0 { // 0 is a placeholder without a value
		p.put(" ", clause, " = ", strconv.FormatInt(*n, 10))
	}
}

func (s *AlterStage) print(p *printer) {
	p.put("ALTER STAGE ")
	p.when(s.IfExists, "IF EXISTS ")
	p.name(s.Name)
	switch {
	case s.Set != nil:
		p.put(" SET")
		p.settings(s.Set)
	case s.RenameTo != "":
		p.put(" RENAME TO ")
		p.name(s.RenameTo)
	default:
		p.put(" UNSET ")
		for i, clause := range s.Unset {
			p.when(i > 0, ", ")
			p.put(clause)
		}
	}
}

// drop writes DROP what [IF EXISTS] name.
func (p *printer) drop(what string, ifExists bool, name string) {
	p.put("DROP ", what, " ")
	p.when(ifExists, "IF EXISTS ")
	p.name(name)
}

// desc writes a verb and a name.
func (p *printer) desc(verb, name string) {
	p.put(verb, " ")
	p.name(name)
}

func (s *DropStage) print(p *printer)       { p.drop("STAGE", s.IfExists, s.Name) }
func (s *DropConnection) print(p *printer)  { p.drop("CONNECTION", s.IfExists, s.Name) }
func (s *DropFileFormat) print(p *printer)  { p.drop("FILE FORMAT", s.IfExists, s.Name) }
func (s *DescStage) print(p *printer)       { p.desc("DESC STAGE", s.Name) }
func (s *DescConnection) print(p *printer)  { p.desc("DESC CONNECTION", s.Name) }
func (s *DescFileFormat) print(p *printer)  { p.desc("DESC FILE FORMAT", s.Name) }
func (s *ShowCreateStage) print(p *printer) { p.desc("SHOW CREATE STAGE", s.Name) }

func (s *ShowStages) print(p *printer) {
	p.put("SHOW STAGES")
	p.filter(&s.Filter)
}

func (s *ShowConnections) print(p *printer) {
	p.put("SHOW CONNECTIONS")
	p.filter(&s.Filter)
}

func (s *ShowFileFormats) print(p *printer) {
	p.put("SHOW FILE FORMATS")
	p.filter(&s.Filter)
}

// pattern writes PATTERN = '…', or nothing.
func (p *printer) pattern(s string) {
	if s != "" {
		p.text("PATTERN", &s)
	}
}

func (s *ListFiles) print(p *printer) {
	p.put("LIST ")
	p.when(s.Full, "FULL ")
	p.location(s.Location)
	p.pattern(s.Pattern)
}

func (s *RemoveFiles) print(p *printer) {
	p.put("REMOVE ")
	p.location(s.Location)
	p.pattern(s.Pattern)
}

func (s *CopyFiles) print(p *printer) {
	p.put("COPY FILES INTO ")
	p.location(s.To)
	p.put(" FROM ")
	p.location(s.From)
	p.pattern(s.Pattern)
}

func (s *Presign) print(p *printer) {
	verb := "DOWNLOAD "
	if s.Upload {
		verb = "UPLOAD "
	}
	p.put("PRESIGN ", verb)
	p.location(s.Location)
	if s.Expire != 0 {
		p.put(" EXPIRE = ", strconv.FormatUint(s.Expire, 10))
	}
	if s.ContentType != "" {
		p.text("CONTENT_TYPE", &s.ContentType)
	}
}

func (s *CreateConnection) print(p *printer) {
	p.create("CONNECTION", s.Mode, s.Name)
	p.put(" ")
	p.pairs(s.Options, " ", true)
}

func (s *CreateFileFormat) print(p *printer) {
	p.create("FILE FORMAT", s.Mode, s.Name)
	p.put(" ")
	p.pairs(s.Options, " ", false)
}

// create writes CREATE what up to a blank after the name.
func (p *printer) create(what string, mode wharf.CreateMode, name string) {
	p.put("CREATE ")
	p.when(mode == wharf.CreateOrReplace, "OR REPLACE ")
	p.put(what, " ")
	p.when(mode == wharf.CreateIfNotExists, "IF NOT EXISTS ")
	p.name(name)
}
