package sql

import "testing"

// MySQL 8.0.30 and later have 286 collations of 41 character sets.
func TestMySQLCollations(t *testing.T) {
	all := mysqlCollations()
	if len(all) != 286 {
		t.Errorf("%d collations, want 286", len(all))
	}
	charsets := map[string]bool{}
	for _, charset := range all {
		charsets[charset] = true
	}
	if len(charsets) != 41 {
		t.Errorf("%d character sets, want 41", len(charsets))
	}
}
