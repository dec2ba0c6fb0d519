package exec

import (
	"context"
	"slices"
	"strings"

	"wharf"
	"wharf/sql/eval"
)

// schema is a database as clients see it: one of the server's own, or a stage,
// whose tables are its files.
type schema struct {
	name  string
	stage wharf.Stage // zero for the server's own
}

func (d schema) isStage() bool { return !d.stage.ID.IsZero() }

// charset gives the character set and the collation of a database's text.
func (d schema) charset() (charset, collation string) {
	switch {
	case d.isStage():
		return "utf8mb4", fileCollation
	case d.name == informationSchema:
		return "utf8mb3", "utf8mb3_general_ci"
	}
	return "utf8mb4", eval.DefaultCollation
}

// fileCollation is that of the text of files: it is compared by its bytes.
const fileCollation = "utf8mb4_bin"

// ownSchemas are the databases that every Wharf has, by name.
func ownSchemas() []schema { return []schema{{name: DefaultDatabase}, {name: informationSchema}} }

// mysqlSchemas are MySQL's own schemas beside information_schema. No stage is
// looked for under their names.
var mysqlSchemas = []string{"mysql", "performance_schema", "sys"}

// isStage reports whether a schema's name may be that of a stage.
func (s *Session) isStage(name string) bool {
	return name != "" && !slices.ContainsFunc(ownSchemas(), func(d schema) bool { return strings.EqualFold(d.name, name) }) &&
		!slices.Contains(mysqlSchemas, strings.ToLower(name))
}

// schemas returns all databases that the session's user sees, by name.
func (s *Session) schemas(ctx context.Context) ([]schema, error) {
	all := ownSchemas()
	stages, err := s.executor.service.Stages(ctx, s.client.Principal)
	if err != nil {
		return nil, err
	}
	for stage, err := range stages {
		if err != nil {
			return nil, err
		}
		if s.isStage(string(stage.Name)) {
			all = append(all, schema{string(stage.Name), stage})
		}
	}
	slices.SortFunc(all, func(a, b schema) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// findSchema finds a database by its name. An unknown one is
// wharf.CodeNotFound for the cause ErrUnknownDatabase.
func (s *Session) findSchema(ctx context.Context, name string) (schema, error) {
	switch {
	case name == "":
		return schema{}, noDatabase()
	case name == DefaultDatabase:
		return schema{name: DefaultDatabase}, nil
	case isInformationSchema(name):
		return schema{name: informationSchema}, nil
	case s.isStage(name):
		stage, err := s.findStage(ctx, name)
		if err == nil {
			return schema{string(stage.Name), stage}, nil
		}
		if code := wharf.CodeOf(err); code != wharf.CodeNotFound && code != wharf.CodeInvalid {
			return schema{}, err
		}
	}
	return schema{}, eval.Because(ErrUnknownDatabase, wharf.CodeNotFound,
		"Unknown database '%s'; the databases are '%s', '%s' and the stages, see SHOW DATABASES", eval.CutRunes(name, 64), DefaultDatabase, informationSchema)
}

// databaseOf is the database that a name without one is in.
func (s *Session) databaseOf(on string) string {
	if on != "" {
		return on
	}
	return s.database
}

func noDatabase() error {
	return eval.Because(ErrNoDatabase, wharf.CodeInvalid, "No database selected; USE a stage or '%s', see SHOW DATABASES", DefaultDatabase)
}
