package wharf

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"slices"
	"time"
)

// UserID identifies a user or a role. It is never used again, not even when a
// user is created under an old name: what a user owns is owned by the ID. The
// zero ID is root's.
type UserID [16]byte

// NewUserID makes an ID at random.
func NewUserID() UserID {
	var id UserID
	rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	return id
}

// ParseUserID reads what String wrote.
func ParseUserID(s string) (UserID, error) {
	var id UserID
	if len(s) != hex.EncodedLen(len(id)) {
		return id, Errorf(CodeInvalid, "a user ID has %d hexadecimal digits", hex.EncodedLen(len(id)))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return id, Errorf(CodeInvalid, "a user ID has hexadecimal digits only")
	}
	return id, nil
}

// String writes the ID as 32 hexadecimal digits.
func (id UserID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether it is root's.
func (id UserID) IsZero() bool { return id == UserID{} }

// The plugins by which a user proves a password.
const (
	PluginSHA2   = "caching_sha2_password"
	PluginNative = "mysql_native_password"
)

// User is a user or a role, as the catalog holds it.
type User struct {
	ID UserID
	Account
	IsRole bool // nobody logs in as it
	Locked bool // nobody may log in as it
	// Plugin is how the password is proven, PluginSHA2 or PluginNative; "" for a
	// role. Hash is what is kept of the password, in the plugin's own form; the
	// zero Secret is no password.
	Plugin         string
	Hash           Secret
	CreatedOn      time.Time  // UTC
	MaxConnections int        // at once, in the place of the server's own bound; 0 is as that says
	Global         Privileges // ON *.*
	Roles          []UserID   // that were granted
	// Default are the roles that are active after login; DefaultAll are all that
	// are granted then.
	Default    []UserID
	DefaultAll bool
	Tokens     []Token // each name once
	// Applied is root's alone: the hash of that password of the server's settings
	// which became root's last.
	Applied Secret
}

// isRoot reports whether it is the record of root, which has the zero ID.
func (u User) isRoot() bool { return u.ID.IsZero() && u.Account == Root.Account() }

// Nameless reports whether a catalog cannot hold it: it has no account, or no ID and
// is not root.
func (u User) Nameless() bool { return u.User == "" || u.ID.IsZero() && !u.isRoot() }

// Clone returns a copy that shares nothing that can be changed.
func (u User) Clone() User {
	u.Roles, u.Default, u.Tokens = slices.Clone(u.Roles), slices.Clone(u.Default), slices.Clone(u.Tokens)
	return u
}

// Principal returns who asks when the user has logged in: with its default
// roles.
func (u User) Principal() Principal {
	if u.isRoot() {
		return Root
	}
	p := Principal{User: u.User, Host: u.Host, ID: u.ID, AllRoles: u.DefaultAll}
	if !u.DefaultAll {
		p.Roles = slices.Clone(u.Default)
	}
	return p
}

// Users is all users and roles at one moment, and the record of root, which only
// [Users.Root] and [Users.Records] return. It does not change, and is safe for
// concurrent use. The zero Users has none.
type Users struct {
	all          []User // by account
	root         User   // without an account if there is none
	byID         map[UserID]int
	byToken      map[TokenHash]UserID
	native, sha2 bool // some user has a password for that plugin
}

// NewUsers returns the users of a list.
func NewUsers(list []User) *Users {
	u := &Users{byID: make(map[UserID]int, len(list)), byToken: map[TokenHash]UserID{}}
	for _, one := range list {
		for _, t := range one.Tokens {
			u.byToken[t.Hash] = one.ID
		}
		if one.isRoot() {
			u.root = one.Clone()
		} else {
			u.all = append(u.all, one.Clone())
		}
	}
	slices.SortFunc(u.all, func(a, b User) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Host, b.Host))
	})
	for i := range u.all {
		u.byID[u.all[i].ID] = i
		if !u.all[i].Hash.IsZero() {
			u.native = u.native || u.all[i].Plugin == PluginNative
			u.sha2 = u.sha2 || u.all[i].Plugin == PluginSHA2
		}
	}
	return u
}

// HasPlugin reports whether some user has a password for that plugin.
func (u *Users) HasPlugin(plugin string) bool {
	return plugin == PluginNative && u.native || plugin == PluginSHA2 && u.sha2
}

// All returns copies of all users and roles, by account.
func (u *Users) All() []User {
	list := make([]User, len(u.all))
	for i := range u.all {
		list[i] = u.all[i].Clone()
	}
	return list
}

// Root returns the record of root: its password and tokens. Without one it has
// neither.
func (u *Users) Root() User {
	r := u.root.Clone()
	r.Account = Root.Account()
	return r
}

// RootHasPassword reports whether root has a password.
func (u *Users) RootHasPassword() bool { return !u.root.Hash.IsZero() }

// Records returns copies of all that a catalog keeps: the record of root if there is
// one, and all users and roles.
func (u *Users) Records() []User {
	if u.root.User == "" {
		return u.All()
	}
	return slices.Insert(u.All(), 0, u.Root())
}

// Len is how many users and roles there are.
func (u *Users) Len() int { return len(u.all) }

// ByID returns the user with that ID.
func (u *Users) ByID(id UserID) (User, bool) {
	i, ok := u.byID[id]
	if !ok {
		return User{}, false
	}
	return u.all[i].Clone(), true
}

// ByAccount returns the user of exactly that name.
func (u *Users) ByAccount(a Account) (User, bool) {
	i, ok := slices.BinarySearchFunc(u.all, a, func(have User, want Account) int {
		return cmp.Or(cmp.Compare(have.User, want.User), cmp.Compare(have.Host, want.Host))
	})
	if !ok {
		return User{}, false
	}
	return u.all[i].Clone(), true
}

// Find returns the user that a client at that address is when it logs in with
// that name: as in MySQL, the one whose host is the most particular of those
// that match. Roles are not among them.
func (u *Users) Find(name string, client netip.Addr) (User, bool) {
	first, _ := slices.BinarySearchFunc(u.all, name, func(have User, want string) int { return cmp.Compare(have.User, want) })
	best, rank := -1, -1
	for i := first; i < len(u.all) && u.all[i].User == name; i++ {
		h, ok := parseHost(u.all[i].Host)
		if ok && !u.all[i].IsRole && h.rank() > rank && h.matches(client) {
			best, rank = i, h.rank()
		}
	}
	if best < 0 {
		return User{}, false
	}
	return u.all[best].Clone(), true
}

// reach returns the IDs that roles lead to: each of them, and the roles that were
// granted to it, and so on.
func (u *Users) reach(roles []UserID) map[UserID]bool {
	all := make(map[UserID]bool, len(roles))
	for next := slices.Clone(roles); len(next) > 0; {
		id := next[len(next)-1]
		next = next[:len(next)-1]
		i, ok := u.byID[id]
		if !ok || all[id] {
			continue
		}
		all[id] = true
		next = append(next, u.all[i].Roles...)
	}
	return all
}
