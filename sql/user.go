package sql

import "wharf"

// The statements about users, roles and privileges. Passwords are in their text,
// which is therefore neither logged nor shown; Redacted has every string as '…'.

// AccountName is a user or role as it was written.
type AccountName struct {
	User, Host string // Host is "" if not given
	Current    bool   // CURRENT_USER()
}

// UserAuth is IDENTIFIED [WITH plugin] [BY 'password' | AS 'hash'].
type UserAuth struct {
	Plugin string // "" if not given
	Plain  wharf.Secret
	Hash   wharf.Secret
	IsHash bool
}

// UserSpec is one user of CREATE USER or ALTER USER.
type UserSpec struct {
	Account AccountName
	Auth    *UserAuth // nil if not given
}

// CreateUser is CREATE USER or CREATE ROLE [IF NOT EXISTS] ….
type CreateUser struct {
	IsRole, IfNotExists bool
	Users               []UserSpec
	Locked              bool   // ACCOUNT LOCK
	MaxConnections      *int64 // WITH MAX_USER_CONNECTIONS n; nil if not given
	plain
}

// AlterUser is ALTER USER [IF EXISTS] …, and SET PASSWORD.
type AlterUser struct {
	IfExists       bool
	Users          []UserSpec
	Locked         *bool  // nil if not given
	MaxConnections *int64 // likewise
	SetPassword    bool   // it is SET PASSWORD
	plain
}

// DropUser is DROP USER or DROP ROLE [IF EXISTS] ….
type DropUser struct {
	IsRole, IfExists bool
	Accounts         []AccountName
	plain
}

// RenameUser is RENAME USER a TO b, ….
type RenameUser struct {
	From, To []AccountName
	plain
}

// RoleChoice is which roles SET ROLE and SET DEFAULT ROLE mean: "DEFAULT", "NONE",
// "ALL", "EXCEPT" (all but Roles), or "" for Roles.
type RoleChoice struct {
	Which string
	Roles []AccountName
}

// SetRole is SET ROLE ….
type SetRole struct {
	RoleChoice
	plain
}

// SetDefaultRole is SET DEFAULT ROLE … TO ….
type SetDefaultRole struct {
	RoleChoice
	Users []AccountName
	plain
}

// Grant is GRANT … ON … TO …, or REVOKE … ON … FROM ….
type Grant struct {
	Revoke     bool
	Privileges []string // in upper case: "READ", "CREATE STAGE", "ALL"
	// On is "STAGE", "CONNECTION", or "" for *.*; Name is the stage or connection.
	On, Name string
	To       []AccountName
	plain
}

// GrantRole is GRANT role, … TO …, or REVOKE role, … FROM ….
type GrantRole struct {
	Revoke bool
	Roles  []AccountName
	To     []AccountName
	plain
}
