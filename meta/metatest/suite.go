package metatest

import (
	"context"
	"testing"
	"time"

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
		"checks":            testChecks,
		"named-checks":      testNamedChecks,
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

func testContexts(t recorder, c wharf.Catalog) {
	s := Stage("s")
	create(t, c, s)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	for ctx, code := range map[context.Context]wharf.Code{canceled: wharf.CodeCanceled, expired: wharf.CodeTimeout} {
		_, _, err := c.CreateStage(ctx, Stage("t"), wharf.CreateNew)
		wantCode(t, "CreateStage", err, code)
		_, err = c.DropStage(ctx, "s")
		wantCode(t, "DropStage", err, code)
		_, err = c.Stage(ctx, "s")
		wantCode(t, "Stage", err, code)
		_, err = c.StageByID(ctx, s.ID)
		wantCode(t, "StageByID", err, code)
		_, err = c.Stages(ctx, "", 100)
		wantCode(t, "Stages", err, code)
		_, err = c.DroppedStages(ctx)
		wantCode(t, "DroppedStages", err, code)
		_, err = c.UpdateStage(ctx, "s", func(s wharf.Stage) (wharf.Stage, error) { return s, nil })
		wantCode(t, "UpdateStage", err, code)
		_, err = c.RenameStage(ctx, "s", "t")
		wantCode(t, "RenameStage", err, code)
		wantCode(t, "ForgetDropped", c.ForgetDropped(ctx, s.ID), code)
	}
	wantNames(t, c, "s")
	wantDropped(t, c)
}
