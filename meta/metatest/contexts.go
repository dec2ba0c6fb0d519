package metatest

import (
	"context"
	"time"

	"wharf"
)

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
