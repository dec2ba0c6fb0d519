package exec

import (
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"wharf"
	"wharf/sql"
)

// userShows tell of users, roles and privileges.
func userShows() map[string]show {
	return map[string]show{
		"PRIVILEGES": constantShow([]wharf.Column{text("Privilege"), text("Context"), text("Comment")},
			texts("Read", "Stages", "To list, download and query files"),
			texts("Write", "Stages", "To upload, remove and unload files"),
			texts("Ownership", "Stages,Connections", "To alter, rename, drop and grant, and all that Read and Write allow"),
			texts("Usage", "Connections", "To make stages with the connection"),
			texts("Create stage", "Server Admin", "To create stages, connections and file formats"),
			texts("Super", "Server Admin", "To do everything, but with the own stages (@~) of others")),
		"GRANTS": {rows: showGrants, columns: func(s *Session, st *sql.Show) []wharf.Column {
			a, err := s.grantsOf(context.Background(), st) // columns are told without a context
			if err != nil {
				a = s.client.Principal.Account()
			}
			return []wharf.Column{text("Grants for " + a.User + "@" + a.Host)}
		}},
		"USERS": {rows: showUsers, columns: fixed(text("User"), text("Host"), textNull("Plugin"), text("Has_password"),
			text("Account_locked"), text("Default_roles"), dateNull("Created_on"))},
		"TOKENS":      {rows: showTokens, columns: fixed(text("name"), text("user"), dateNull("created_on"), dateNull("expires_at"))},
		"CREATE USER": {rows: showCreateUser, columns: showCreateUserColumns},
		"ROLES":       {rows: showRoles, columns: fixed(text("Role"), text("Host"), dateNull("Created_on"))},
	}
}

// grantsOf is whose privileges SHOW GRANTS is about.
func (s *Session) grantsOf(ctx context.Context, st *sql.Show) (wharf.Account, error) {
	if st.Of == nil {
		return s.executor.service.AccountOf(ctx, s.client.Principal)
	}
	return s.account(ctx, *st.Of)
}

// showGrants writes statements that grant the same again.
func showGrants(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	of, err := s.grantsOf(ctx, st)
	if err != nil {
		return nil, err
	}
	using, err := s.accounts(ctx, st.Using)
	if err != nil {
		return nil, err
	}
	g, err := s.executor.service.Grants(ctx, s.client.Principal, of, using)
	if err != nil {
		return nil, numbered(err)
	}
	return rowsOf(grantStatements(g), func(text string) []wharf.Value { return texts(text) }), nil
}

func grantStatements(g wharf.UserGrants) []string {
	to := " TO " + quotedAccount(g.Account)
	if g.Account.User == wharf.Root.User {
		return []string{"GRANT ALL PRIVILEGES ON *.*" + to}
	}
	list := []string{"GRANT " + g.Global.String() + " ON *.*" + to}
	for _, one := range g.Stages {
		list = append(list, "GRANT "+one.Privileges.String()+" ON STAGE "+quoteName(one.Name)+to)
	}
	for _, one := range g.Connections {
		list = append(list, "GRANT "+one.Privileges.String()+" ON CONNECTION "+quoteName(one.Name)+to)
	}
	if len(g.Roles) > 0 {
		list = append(list, "GRANT "+quotedAccounts(g.Roles, ",")+to)
	}
	switch {
	case g.DefaultAll:
		list = append(list, "SET DEFAULT ROLE ALL"+to)
	case len(g.Default) > 0:
		list = append(list, "SET DEFAULT ROLE "+quotedAccounts(g.Default, ",")+to)
	}
	return list
}

func showCreateUserColumns(s *Session, st *sql.Show) []wharf.Column {
	a, err := s.grantsOf(context.Background(), st) // columns are told without a context
	if err != nil {
		a = s.client.Principal.Account()
	}
	return []wharf.Column{text("CREATE USER for " + a.User + "@" + a.Host)}
}

// showCreateUser writes the statement that makes a user or role, with its password, as
// it is. The hash is in hexadecimal where it is no plain text: that of
// caching_sha2_password has any byte.
func showCreateUser(ctx context.Context, s *Session, st *sql.Show) ([][]wharf.Value, error) {
	of, err := s.grantsOf(ctx, st)
	if err != nil {
		return nil, err
	}
	u, err := s.executor.service.User(ctx, s.client.Principal, of)
	if err != nil {
		return nil, numbered(err)
	}
	return [][]wharf.Value{texts(createUserStatement(u))}, nil
}

func createUserStatement(u wharf.User) string {
	if u.IsRole {
		return "CREATE ROLE " + quotedAccount(u.Account)
	}
	text := "CREATE USER " + quotedAccount(u.Account)
	switch hash := u.Hash.Reveal(); u.Plugin {
	case wharf.PluginNative:
		text += " IDENTIFIED WITH '" + u.Plugin + "' AS '" + hash + "'"
	default:
		if hash != "" {
			text += " IDENTIFIED WITH '" + u.Plugin + "' AS 0x" + hex.EncodeToString([]byte(hash))
		}
	}
	if u.MaxConnections > 0 {
		text += " WITH MAX_USER_CONNECTIONS " + strconv.Itoa(u.MaxConnections)
	}
	if u.Locked {
		text += " ACCOUNT LOCK"
	}
	return text
}

// users returns the users, or the roles, that the session's user may see.
func (s *Session) users(ctx context.Context, roles bool) ([]wharf.User, error) {
	all, err := s.executor.service.UserList(ctx, s.client.Principal)
	return slices.DeleteFunc(all, func(u wharf.User) bool { return u.IsRole != roles }), err
}

func showUsers(ctx context.Context, s *Session, _ *sql.Show) ([][]wharf.Value, error) {
	all, err := s.users(ctx, false)
	if err != nil {
		return nil, err
	}
	yes := func(b bool) string {
		if b {
			return "Y"
		}
		return "N"
	}
	rows := make([][]wharf.Value, 0, len(all))
	for _, u := range all {
		roles := "ALL"
		if !u.DefaultAll {
			g, err := s.executor.service.RoleNames(ctx, u.Default)
			if err != nil {
				return nil, err
			}
			roles = quotedAccounts(g, ",")
		}
		rows = append(rows, append(texts(u.User, u.Host, u.Plugin, yes(!u.Hash.IsZero()), yes(u.Locked), roles), wharf.DateTime(u.CreatedOn)))
	}
	return rows, nil
}

func showRoles(ctx context.Context, s *Session, _ *sql.Show) ([][]wharf.Value, error) {
	all, err := s.users(ctx, true)
	return rowsOf(all, func(u wharf.User) []wharf.Value {
		return append(texts(u.User, u.Host), wharf.DateTime(u.CreatedOn))
	}), err
}

// infoUsers is information_schema.USER_ATTRIBUTES: the users that the session's user
// may see, and itself.
func infoUsers(ctx context.Context, s *Session) ([][]wharf.Value, error) {
	all, err := s.executor.service.UserList(ctx, s.client.Principal)
	rows := rowsOf(all, func(u wharf.User) []wharf.Value { return append(texts(u.User, u.Host), wharf.Null()) })
	if self := s.client.Principal; self.ID.IsZero() {
		rows = slices.Insert(rows, 0, append(texts(self.Account().User, self.Account().Host), wharf.Null()))
	}
	return rows, err
}

// infoUserPrivileges has the privileges ON *.* of the session's user.
func infoUserPrivileges(ctx context.Context, s *Session) ([][]wharf.Value, error) {
	self, err := s.executor.service.AccountOf(ctx, s.client.Principal)
	if err != nil {
		return nil, err
	}
	g, err := s.executor.service.Grants(ctx, s.client.Principal, self, nil)
	names := g.Global.Names()
	if len(names) == 0 {
		names = []string{"USAGE"}
	}
	grantee := "'" + strings.ReplaceAll(self.User, "'", "''") + "'@'" + self.Host + "'"
	return rowsOf(names, func(name string) []wharf.Value { return texts(grantee, "def", name, "NO") }), err
}
