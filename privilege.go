package wharf

import "strings"

// Privileges is a set of privileges. The zero set has none.
type Privileges uint8

// The privileges. Of a stage there are Read, Write and Ownership, of a connection
// Usage and Ownership, and ON *.* CreateStage and Super.
const (
	PrivilegeRead        Privileges = 1 << iota // list, download and query files
	PrivilegeWrite                              // upload, remove and unload files
	PrivilegeOwnership                          // both, and alter, rename, drop, grant
	PrivilegeUsage                              // make stages with the connection
	PrivilegeCreateStage                        // make stages, connections and file formats
	PrivilegeSuper                              // everything but the own stages of others

	// StagePrivileges are those that a GRANT of ALL on a stage grants; REVOKE ALL takes
	// OWNERSHIP too.
	StagePrivileges = PrivilegeRead | PrivilegeWrite
	// GlobalPrivileges are those that are granted ON *.*.
	GlobalPrivileges = PrivilegeCreateStage | PrivilegeSuper
)

var privilegeNames = []struct {
	privilege Privileges
	name      string
}{
	{PrivilegeRead, "READ"}, {PrivilegeWrite, "WRITE"}, {PrivilegeOwnership, "OWNERSHIP"}, {PrivilegeUsage, "USAGE"},
	{PrivilegeCreateStage, "CREATE STAGE"}, {PrivilegeSuper, "SUPER"},
}

// String writes the privileges as GRANT takes them: "READ, WRITE". The empty set
// is "USAGE", as in MySQL.
func (p Privileges) String() string {
	if p == 0 {
		return "USAGE"
	}
	return strings.Join(p.Names(), ", ")
}

// Has reports whether the set has all of some privileges.
func (p Privileges) Has(all Privileges) bool { return p&all == all }

// Granted is what was granted to one user or role on a stage or a connection.
type Granted struct {
	To         UserID
	Privileges Privileges
}

// Access is what a principal may do, as of one moment: who it is, and which
// roles are active. It is a value: all decisions are pure functions of it and of
// the definition at hand. The zero Access may do nothing.
type Access struct {
	id     UserID
	known  bool // the principal exists
	isRoot bool
	global Privileges
	// subjects are the principal's own ID and those of its active roles.
	subjects map[UserID]bool
	// only, unless zero, is the one stage of a presigned URL.
	only StageID
}

// Access returns what a principal may do. A user who is not there, any more or
// at all, is [CodeUnauthenticated]; one who is locked keeps its sessions, as in
// MySQL, but its presigned URLs are [CodeDenied].
func (u *Users) Access(p Principal) (Access, error) {
	switch {
	case p.User == "":
		return Access{}, Errorf(CodeUnauthenticated, "no user is logged in")
	case p.isRoot():
		return Access{known: true, isRoot: true, global: GlobalPrivileges, only: p.Only}, nil
	}
	user, ok := u.ByID(p.ID)
	switch {
	case !ok || user.IsRole || p.ID.IsZero():
		return Access{}, Errorf(CodeUnauthenticated, "the user %s does not exist; it may have been dropped", p.Account())
	case user.Locked && !p.Only.IsZero():
		return Access{}, Errorf(CodeDenied, "the presigned URL is void: its user is locked")
	}
	roles := u.ActiveRoles(p)
	a := Access{id: user.ID, known: true, global: user.Global, subjects: u.reach(roles), only: p.Only}
	for id := range a.subjects {
		a.global |= u.all[u.byID[id]].Global
	}
	a.subjects[user.ID] = true
	return a, nil
}

// ActiveRoles returns the roles that are active for a principal: those that it
// switched on and that are still granted to it.
func (u *Users) ActiveRoles(p Principal) []UserID {
	user, ok := u.ByID(p.ID)
	if !ok || p.isRoot() {
		return nil
	}
	var active []UserID
	for _, id := range user.Roles {
		if p.hasRole(id) {
			active = append(active, id)
		}
	}
	return active
}

// IsSuper reports whether the principal has SUPER.
func (a Access) IsSuper() bool { return a.known && a.global.Has(PrivilegeSuper) }

// MayCreate reports whether the principal may create stages, connections and
// file formats.
func (a Access) MayCreate() bool {
	return a.known && a.global&(PrivilegeCreateStage|PrivilegeSuper) != 0
}

// isSuper reports whether the user or role has SUPER, by itself or by a role that
// was granted to it.
func (u *Users) isSuper(id UserID) bool {
	for id := range u.reach([]UserID{id}) {
		if u.all[u.byID[id]].Global.Has(PrivilegeSuper) {
			return true
		}
	}
	return false
}

// SameUser reports whether the principal is the user with that ID.
func (a Access) SameUser(id UserID) bool { return a.known && a.id == id && a.isRoot == id.IsZero() }

// owns reports whether the principal, or an active role of it, has that ID.
func (a Access) owns(owner UserID) bool {
	if owner.IsZero() {
		return a.isRoot
	}
	return a.subjects[owner]
}

// Stage returns what the principal may do with a stage; nothing means that the
// stage does not exist for it. A user's own stage is that user's alone.
func (a Access) Stage(st Stage) Privileges { return a.stage(&st) }

func (a Access) stage(st *Stage) Privileges {
	const all = PrivilegeRead | PrivilegeWrite | PrivilegeOwnership
	switch {
	case !a.known || !a.only.IsZero() && st.ID != a.only:
		return 0
	case st.Name.IsOwn():
		if st.Name != a.OwnStage() {
			return 0
		}
		return all
	case a.IsSuper() || a.owns(st.Owner):
		return all
	}
	return a.granted(st.Granted)
}

// Connection returns what the principal may do with a connection; nothing means
// that it does not exist for it.
func (a Access) Connection(c NamedConnection) Privileges {
	if !a.known || !a.only.IsZero() {
		return 0
	}
	if a.IsSuper() || a.owns(c.Owner) {
		return PrivilegeUsage | PrivilegeOwnership
	}
	return a.granted(c.Granted)
}

// Format reports whether the principal may replace and drop a file format. To
// use one takes no privilege.
func (a Access) Format(f NamedFormat) bool {
	return a.known && a.only.IsZero() && (a.IsSuper() || a.owns(f.Owner))
}

func (a Access) granted(list []Granted) (all Privileges) {
	for _, g := range list {
		if a.subjects[g.To] {
			all |= g.Privileges
		}
	}
	return all
}

// OwnStage is the name under which the catalog has the principal's own stage,
// @~.
func (a Access) OwnStage() StageName {
	if a.isRoot {
		return UserStage + StageName(Root.User)
	}
	return a.id.OwnStage()
}

// Names returns the names of the privileges, in the order of SHOW GRANTS.
func (p Privileges) Names() []string {
	var names []string
	for _, n := range privilegeNames {
		if p&n.privilege != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// ParsePrivilege returns the privilege of that name, in upper case.
func ParsePrivilege(name string) (Privileges, bool) {
	for _, n := range privilegeNames {
		if n.name == name {
			return n.privilege, true
		}
	}
	return 0, false
}
