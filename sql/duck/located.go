//go:build linux && !noduck

package duck

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"wharf"
	"wharf/sql/textfile"
)

// located makes the client's error of what DuckDB says of a bad record: with
// the file, the line and the column, or that the file is damaged. Other errors
// stay as they are.
func (l *lease) located(err error) error {
	err = l.spoiled(err)
	var f failure
	if !errors.As(err, &f) {
		return err
	}
	if t := l.textOf(f.Text); t != nil && isOfRecords(f.Text) {
		if value := conversion.FindStringSubmatch(f.Text); value != nil {
			return l.wrongValue(t, value)
		}
		return l.checked(t, f)
	}
	if m := badJSON.FindStringSubmatch(f.Text); m != nil {
		if t := l.texts[m[2]]; t != nil && t.lines && m[1] == malformed {
			if _, err := l.do("check", []textfile.Job{t.job}); err != nil {
				return err
			}
		}
		return l.wrongJSON(m)
	}
	if of := l.wrongParquet(f); of != nil {
		return of
	}
	return err
}

// isOfRecords reports whether an error of DuckDB's is of the records of a file.
func isOfRecords(text string) bool {
	return strings.HasPrefix(text, "CSV Error on Line") || strings.HasPrefix(text, "Error when sniffing file") || strings.Contains(text, "The CSV Parser state machine")
}

// conversion is DuckDB's message of a value that is none of its column's type.
var conversion = regexp.MustCompile(`(?s)^CSV Error on Line: (\d+)\n.*Error when converting column "(.*?)"\. Could not convert string "(.*?)" to '(.*?)'`)

// textOf gives the file that a message names.
func (l *lease) textOf(message string) *textFile {
	for path, t := range l.texts {
		for _, around := range []string{"file = " + path + "\n", `"` + path + `"`} {
			if strings.Contains(message, around) {
				return t
			}
		}
	}
	return nil
}

func (l *lease) wrongValue(t *textFile, m []string) error {
	line, _ := strconv.Atoi(m[1]) // digits
	if !t.native {
		line += int(t.job.Dialect.Skip)
	}
	bad := textfile.BadRecord{Line: line, Column: slices.Index(t.columns, m[2]) + 1, Records: t.job.Dialect.Record != ""}
	bad.Reason = fmt.Sprintf("the value %q of column %q is no %s, the type of the values before it", m[3], m[2], m[4])
	return l.badFile(t.job.Path, &bad)
}

// checked reads a file up to its bad record, for DuckDB does not tell all
// about it.
func (l *lease) checked(t *textFile, f failure) error {
	if _, err := l.do("check", []textfile.Job{t.job}); err != nil {
		return err
	}
	reason, _, _ := strings.Cut(f.Text, "\nPossible")
	return wharf.Errorf(wharf.CodeInvalid, "%s: it cannot be read as it is written: %s", l.clear(t.job.Path), l.clear(strings.Join(strings.Fields(reason), " ")))
}

// badJSON is DuckDB's message of text that is no JSON, or whose value is of
// another type than those before it.
var badJSON = regexp.MustCompile(`(?s)^(` + malformed + `|JSON transform error) in file "(.*?)",(?: at byte (\d+))? in (line|record/value) (\d+): (.*)$`)

const malformed = "Malformed JSON"

func (l *lease) wrongJSON(m []string) error {
	unit, column := m[4], ""
	if unit != "line" {
		unit = "record"
	}
	if m[3] != "" {
		column = ", column " + m[3]
	}
	reason, _, _ := strings.Cut(strings.TrimSpace(m[6]), "\n")
	reason, _, _ = strings.Cut(reason, ". Try ")
	what := "it is no JSON"
	if m[1] != malformed {
		what = "its values are of other types than those before it"
	}
	return wharf.Errorf(wharf.CodeInvalid, "%s, %s %s%s: %s: %s", l.clear(m[2]), unit, m[5], column, what, l.clear(strings.TrimRight(reason, ". ")))
}
