package meta

import (
	"fmt"

	"wharf"
)

// ownerRecord is the ID of a user as it is stored: 32 hexadecimal digits.
type ownerRecord wharf.UserID

// MarshalText implements [encoding.TextMarshaler].
func (o ownerRecord) MarshalText() ([]byte, error) { return []byte(wharf.UserID(o).String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (o *ownerRecord) UnmarshalText(text []byte) error {
	id, err := wharf.ParseUserID(string(text))
	*o = ownerRecord(id)
	return err
}

// grantRecord is what one user or role was granted, as it is stored. An unknown
// privilege is refused: a version that gave it a meaning wrote it.
type grantRecord struct {
	To         ownerRecord `json:"to"`
	Privileges []string    `json:"privileges"`
}

func encodeGrants(list []wharf.Granted) []grantRecord {
	var records []grantRecord
	for _, g := range list {
		records = append(records, grantRecord{To: ownerRecord(g.To), Privileges: g.Privileges.Names()})
	}
	return records
}

func decodeGrants(records []grantRecord) ([]wharf.Granted, error) {
	var list []wharf.Granted
	for _, r := range records {
		all, err := decodePrivileges(r.Privileges)
		if err != nil {
			return nil, err
		}
		list = append(list, wharf.Granted{To: wharf.UserID(r.To), Privileges: all})
	}
	return list, nil
}

func decodePrivileges(names []string) (all wharf.Privileges, err error) {
	for _, name := range names {
		one, ok := wharf.ParsePrivilege(name)
		if !ok {
			return 0, fmt.Errorf("there is no privilege %q", name)
		}
		all |= one
	}
	return all, nil
}
