package metatest

import (
	"context"
	"testing"

	"wharf"
)

// recorder is the part of testing.T that a case may use, so that the suite
// itself can be tested with a recorder that notes failures.
type recorder interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

// Run runs every case of the suite as a subtest of t. The function gives a
// fresh, empty catalog.
func Run(t *testing.T, fresh func(t *testing.T) wharf.Catalog) {
	for name, run := range cases() {
		t.Run(name, func(t *testing.T) { run(t, fresh(t)) })
	}
}

func cases() map[string]func(t recorder, c wharf.Catalog) {
	cases := map[string]func(t recorder, c wharf.Catalog){
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
	return cases
}
