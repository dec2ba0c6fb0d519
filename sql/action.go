package sql

import (
	"reflect"
	"strings"
	"sync"
	"unicode"
)

// actions has the names of the types of statements.
var actions sync.Map

// Action returns what kind of statement it is, in words that no text of a client
// is in: CREATE STAGE, SELECT. There are about fifty.
func Action(st Statement) string {
	switch s := st.(type) {
	case *Prepared:
		return Action(s.Form)
	case *Query:
		return "SELECT"
	case *Savepoint:
		return s.Verb
	case *Noop:
		return s.Name
	case *TableMaintenance:
		return s.Verb + " TABLE"
	case *Grant:
		if s.Revoke {
			return "REVOKE"
		}
	case *GrantRole:
		if s.Revoke {
			return "REVOKE ROLE"
		}
	}
	t := reflect.TypeOf(st)
	if name, ok := actions.Load(t); ok {
		return name.(string)
	}
	var words strings.Builder
	for i, r := range t.Elem().Name() {
		if i > 0 && unicode.IsUpper(r) {
			words.WriteByte(' ')
		}
		words.WriteRune(unicode.ToUpper(r))
	}
	actions.Store(t, words.String())
	return words.String()
}

// Places returns the locations that a statement names, as they were written,
// without '@', and the stages that it defines. A table is the file of a stage,
// which is database where the statement names none.
func Places(st Statement, database string) []string {
	switch s := st.(type) {
	case *Prepared:
		return Places(s.Form, database)
	case *CreateStage:
		return []string{s.Name}
	case *AlterStage:
		if s.RenameTo != "" {
			return []string{s.Name, s.RenameTo}
		}
		return []string{s.Name}
	case *DropStage:
		return []string{s.Name}
	case *DescStage:
		return []string{s.Name}
	case *ShowCreateStage:
		return []string{s.Name}
	case *ListFiles:
		return []string{string(s.Location)}
	case *RemoveFiles:
		return []string{string(s.Location)}
	case *CopyFiles:
		return []string{string(s.To), string(s.From)}
	case *Presign:
		return []string{string(s.Location)}
	case *CopyInto:
		return append([]string{string(s.To)}, Places(s.Query, database)...)
	case *Explain:
		return Places(s.Of, database)
	case *SelectInto:
		return Places(s.Of, database)
	case *Set:
		var all []string
		for _, a := range s.Assign {
			all = append(all, a.Query.places(database)...)
		}
		return all
	case *Query:
		return s.places(database)
	case *TableMaintenance:
		return (&Query{Tables: s.Tables}).places(database)
	}
	return nil
}

func (q *Query) places(database string) []string {
	if q == nil {
		return nil
	}
	var all []string
	names := map[string]bool{}
	for _, f := range q.Files {
		all, names[f.Name] = append(all, string(f.Location)), true
	}
	for _, t := range q.Tables {
		schema := t.Schema
		if schema == "" {
			schema = database
		}
		if names[t.Name] || schema == "" || isSystemSchema(schema) {
			continue
		}
		all = append(all, schema+"/"+t.Name)
	}
	return all
}

func isSystemSchema(name string) bool {
	switch strings.ToLower(name) {
	case "default", "information_schema", "mysql", "performance_schema", "sys", "system":
		return true
	}
	return false
}
