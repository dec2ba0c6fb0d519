package metatest

import (
	"testing"

	"wharf"
)

// Run runs every case of the suite as a subtest of t. The function gives a
// fresh, empty catalog.
func Run(t *testing.T, fresh func(t *testing.T) wharf.Catalog) {
	cases := map[string]func(t *testing.T, c wharf.Catalog){
		"create":            testCreate,
		"create-modes":      testCreateModes,
		"every-field":       testEveryField,
		"copies":            testCopies,
		"drop":              testDrop,
		"dropped-list":      testDroppedList,
		"order":             testOrder,
		"odd-names":         testOddNames,
		"update":            testUpdate,
		"update-refused":    testUpdateRefused,
		"rename":            testRename,
		"contexts":          testContexts,
		"race-create":       testRaceCreate,
		"race-replace":      testRaceReplace,
		"race-update":       testRaceUpdate,
		"race-rename":       testRaceRename,
		"refused-unchanged": testRefusedUnchanged,
	}
	for name, run := range namedCases() {
		cases[name] = run
	}
	for name, run := range cases {
		t.Run(name, func(t *testing.T) { run(t, fresh(t)) })
	}
}
