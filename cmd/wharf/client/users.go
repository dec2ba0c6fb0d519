package client

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"wharf"
	language "wharf/sql"
)

// Users runs wharf users export and wharf users import. The password is that of
// PasswordVariable.
func Users(ctx context.Context, args []string, password string, stdout, stderr io.Writer) error {
	if len(args) == 0 || args[0] != "export" && args[0] != "import" {
		return usagef("users takes export or import: wharf users export > users.sql, wharf users import users.sql")
	}
	var t target
	flags := t.flags("users " + args[0])
	if err := flags.Parse(args[1:]); err != nil {
		return usagef("users %s: %s; see wharf --help", args[0], err)
	}
	files := flags.Args()
	if args[0] == "export" {
		if len(files) > 0 {
			return usagef("users export writes to standard output and takes no argument %q", files[0])
		}
		return export(ctx, &t, password, stdout)
	}
	if len(files) != 1 {
		return usagef("users import takes one file, behind its flags")
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		return err
	}
	list, err := readUsers(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", files[0], err)
	}
	return load(ctx, &t, password, list, stdout, stderr)
}

const exportHead = `-- The users and roles of a Wharf server, without root: run these statements by
-- "wharf users import" or any MySQL client. They hold the hashes of passwords.
`

// export writes the statements that make all users and roles again: first each of them,
// then what was granted to them.
func export(ctx context.Context, t *target, password string, stdout io.Writer) error {
	conn, err := t.connect(ctx, password)
	if err != nil {
		return err
	}
	defer conn.Close() // nothing was written
	accounts, err := accountsOf(ctx, conn)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(stdout)
	out.WriteString(exportHead)
	for _, show := range []string{"SHOW CREATE USER ", "SHOW GRANTS FOR "} {
		for _, a := range accounts {
			lines, err := column(ctx, conn, show+quoted(a))
			if err != nil {
				return err
			}
			for _, line := range lines {
				if !strings.HasPrefix(line, "GRANT USAGE ON *.* ") { // which grants nothing
					out.WriteString(line + ";\n")
				}
			}
		}
	}
	return out.Flush()
}

// accountsOf returns all roles and users of a server.
func accountsOf(ctx context.Context, conn *sql.Conn) ([]wharf.Account, error) {
	var list []wharf.Account
	for _, q := range []string{"SHOW ROLES", "SHOW USERS"} {
		rows, err := conn.QueryContext(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q, err)
		}
		columns, err := rows.Columns()
		for err == nil && rows.Next() {
			var a wharf.Account
			into := []any{&a.User, &a.Host}
			for len(into) < len(columns) {
				into = append(into, new(any))
			}
			err = rows.Scan(into...)
			list = append(list, a)
		}
		if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", q, err)
		}
	}
	return list, nil
}

func column(ctx context.Context, conn *sql.Conn, q string) ([]string, error) {
	rows, err := conn.QueryContext(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q, err)
	}
	var list []string
	for err == nil && rows.Next() {
		var line string
		err = rows.Scan(&line)
		list = append(list, line)
	}
	if err := errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", q, err)
	}
	return list, nil
}

func quoted(a wharf.Account) string {
	quote := func(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }
	return quote(a.User) + "@" + quote(a.Host)
}

// statement is one statement of an export.
type statement struct {
	text   string
	parsed language.Statement
}

// readUsers reads an export. A statement that is not about users is refused: the file is
// another one.
func readUsers(text string) ([]statement, error) {
	var list []statement
	for text != "" {
		parsed, rest, err := language.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("statement %d: %s", len(list)+1, wharf.MessageOf(err))
		}
		own := strings.TrimSuffix(strings.TrimSpace(text[:len(text)-len(rest)]), ";")
		text = rest
		switch {
		case parsed == nil:
		case grantsOrMakes(parsed):
			list = append(list, statement{own, parsed})
		default:
			return nil, fmt.Errorf("statement %d is %s; an export has CREATE USER, CREATE ROLE, GRANT and SET DEFAULT ROLE only",
				len(list)+1, language.Action(parsed))
		}
	}
	return list, nil
}

func grantsOrMakes(parsed language.Statement) bool {
	switch st := parsed.(type) {
	case *language.CreateUser, *language.SetDefaultRole:
		return true
	case *language.Grant:
		return !st.Revoke
	case *language.GrantRole:
		return !st.Revoke
	}
	return false
}

// load runs the statements of an export. Where one of the users is there already, it
// changes nothing: what is granted to a name must not come to another user of that
// name. A grant that fails, as on a stage that is not there, is told, and the others are
// made.
func load(ctx context.Context, t *target, password string, list []statement, stdout, stderr io.Writer) error {
	conn, err := t.connect(ctx, password)
	if err != nil {
		return err
	}
	defer conn.Close() // every statement is its own transaction
	if err := checkNew(ctx, conn, list); err != nil {
		return err
	}
	users, failed := 0, 0
	for _, s := range list {
		_, err := conn.ExecContext(ctx, s.text)
		create, creates := s.parsed.(*language.CreateUser)
		switch {
		case err == nil && creates:
			users += len(create.Users)
		case err != nil && creates:
			return fmt.Errorf("%s: %w (%d users and roles were made)", s.parsed.Redacted(), err, users)
		case err != nil:
			failed++
			fmt.Fprintf(stderr, "%s: %s\n", s.parsed.Redacted(), err)
		}
	}
	fmt.Fprintf(stdout, "%d users and roles were made\n", users)
	if failed > 0 {
		return fmt.Errorf("%d grants could not be made; the lines above say which, and they can be run again", failed)
	}
	return nil
}

// checkNew refuses a file of which the server has a user or role already: one that the
// file makes or, beside those that it makes, grants something to. A file that makes none
// is the grants of an earlier import that are run again.
func checkNew(ctx context.Context, conn *sql.Conn, list []statement) error {
	there := map[wharf.Account]bool{}
	all, err := accountsOf(ctx, conn)
	if err != nil {
		return err
	}
	for _, a := range all {
		there[a] = true
	}
	made, granted, err := named(list)
	if err != nil || len(made) == 0 {
		return err
	}
	var taken []string
	for _, a := range append(made, granted...) {
		if there[a] && !slices.Contains(taken, a.String()) {
			taken = append(taken, a.String())
		}
	}
	if taken != nil {
		return fmt.Errorf("nothing was changed: the server has %s already; DROP or RENAME them, or take them and their grants out of the file", strings.Join(taken, ", "))
	}
	return nil
}

// named returns the accounts that statements make, and those that they grant to.
func named(list []statement) (made, granted []wharf.Account, err error) {
	add := func(to *[]wharf.Account, names ...language.AccountName) {
		for _, name := range names {
			a, failed := wharf.ParseAccount(name.User, name.Host)
			err = errors.Join(err, failed)
			*to = append(*to, a)
		}
	}
	for _, s := range list {
		switch st := s.parsed.(type) {
		case *language.CreateUser:
			for _, spec := range st.Users {
				add(&made, spec.Account)
			}
		case *language.Grant:
			add(&granted, st.To...)
		case *language.GrantRole:
			add(&granted, st.To...)
		case *language.SetDefaultRole:
			add(&granted, st.Users...)
		}
	}
	return made, granted, err
}
