package wharf

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxStageName is the longest name of a stage, in bytes.
const MaxStageName = 255

// UserStage names the stage that every user has without creating it, @~. It
// is a stand-in: the Service resolves it to the asking principal's own stage.
const UserStage StageName = "~"

// StageName is the validated name of a stage. Names are case-sensitive, as
// in Databend.
type StageName string

// ParseStageName validates a name: 1 to 255 bytes of letters and digits of
// any script, '_', '-' and '$', or "~" for [UserStage]. Anything else is
// [CodeInvalid].
func ParseStageName(s string) (StageName, error) {
	if s == string(UserStage) {
		return UserStage, nil
	}
	if err := checkName("stage name", s); err != nil {
		return "", err
	}
	return StageName(s), nil
}

// reservedSchemas are databases of MySQL, and the one that every Wharf has. A
// stage is a database to MySQL clients, so no new one takes such a name.
var reservedSchemas = []string{"default", "information_schema", "mysql", "performance_schema", "sys"}

// checkReserved refuses the names that a new stage may not have.
func checkReserved(name StageName) error {
	if slices.Contains(reservedSchemas, strings.ToLower(string(name))) {
		return Errorf(CodeInvalid, "the stage name %q is reserved, because MySQL clients see each stage as a database; take another name", name)
	}
	return nil
}

// checkName checks the rules that all names share; what says which name it is,
// for the message.
func checkName(what, s string) error {
	switch {
	case s == "":
		return Errorf(CodeInvalid, "the %s is empty", what)
	case len(s) > MaxStageName:
		return Errorf(CodeInvalid, "the %s is %d bytes long; at most %d are allowed", what, len(s), MaxStageName)
	case !utf8.ValidString(s):
		return Errorf(CodeInvalid, "the %s is not valid UTF-8", what)
	}
	for _, r := range s {
		if !StageNameRune(r) {
			return Errorf(CodeInvalid, "the %s %q holds %q; letters, digits, '_', '-' and '$' are allowed", what, s, r)
		}
	}
	return nil
}

// StageNameRune reports whether r may stand in a stage's name.
func StageNameRune(r rune) bool {
	return r == '_' || r == '-' || r == '$' ||
		unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// StageID identifies a stage. It is never used again, not even when a stage is
// created under an old name. Files are stored under it.
type StageID [16]byte

// NewStageID makes an ID at random, so that it does not depend on a counter
// that could be lost with a catalog.
func NewStageID() StageID {
	var id StageID
	rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	return id
}

// ParseStageID reads what String wrote.
func ParseStageID(s string) (StageID, error) {
	var id StageID
	if len(s) != hex.EncodedLen(len(id)) {
		return id, Errorf(CodeInvalid, "a stage ID has %d hexadecimal digits", hex.EncodedLen(len(id)))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return id, Errorf(CodeInvalid, "a stage ID has hexadecimal digits only")
	}
	return id, nil
}

// String writes the ID as 32 hexadecimal digits.
func (id StageID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether it is no ID.
func (id StageID) IsZero() bool { return id == StageID{} }

// IsOwn reports whether it is the name under which the catalog has the own stage
// of a user.
func (n StageName) IsOwn() bool { return strings.HasPrefix(string(n), string(UserStage)) }

// OwnStage is the name under which the catalog has the user's own stage.
func (id UserID) OwnStage() StageName { return UserStage + StageName(id.String()) }

// OwnerByName returns the user whose own stage has that name. ok is false for root's and
// for every other stage.
func (n StageName) OwnerByName() (id UserID, ok bool) {
	if !n.IsOwn() {
		return id, false
	}
	id, err := ParseUserID(string(n[len(UserStage):]))
	return id, err == nil
}

// Principal is who asks. The zero Principal may do nothing.
type Principal struct {
	User string // the name, "root" or that of the account
	Host string // that of the account; "" for root
	ID   UserID // zero for root
	// Roles are active, as far as they are granted; AllRoles are all that are
	// granted.
	Roles    []UserID
	AllRoles bool
	// Only, unless zero, is the one stage that the principal reaches, under
	// whatever name it asks: that of a presigned URL. It may read and store
	// files there, and nothing else.
	Only StageID
}

// Root is the user that every server has. It is in no list of users; its password and
// tokens are in a record of its own.
var Root = Principal{User: "root"}

func (p Principal) isRoot() bool { return p.User == Root.User && p.ID.IsZero() }

// Account is the name of the principal's account; root's is 'root'@'%'.
func (p Principal) Account() Account {
	if p.Host == "" {
		return Account{p.User, "%"}
	}
	return Account{p.User, p.Host}
}

// Subject names the principal in what outlives a rename, such as a presigned URL:
// "root", or the ID.
func (p Principal) Subject() string {
	if p.isRoot() {
		return Root.User
	}
	return p.ID.String()
}

func (p Principal) hasRole(id UserID) bool { return p.AllRoles || slices.Contains(p.Roles, id) }
