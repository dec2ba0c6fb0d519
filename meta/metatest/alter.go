package metatest

import (
	"errors"

	"wharf"
)

func testUpdate(t recorder, c wharf.Catalog) {
	old := External("s")
	create(t, c, old)
	var all wharf.Stage
	fillStage(t, &all)
	want := old
	want.URL, want.Connection, want.Comment = "s3://other/", all.Connection, all.Comment
	want.FileFormat, want.CopyOptions = all.FileFormat, all.CopyOptions
	got, err := c.UpdateStage(t.Context(), "s", func(s wharf.Stage) (wharf.Stage, error) {
		wantStage(t, "what a change is given", s, old)
		s.URL, s.Connection, s.Comment, s.FileFormat, s.CopyOptions = want.URL, want.Connection, want.Comment, want.FileFormat, want.CopyOptions
		s.Revision = 99 // the catalog's, whatever a change says
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want.Revision = old.Revision + 1
	wantStage(t, "UpdateStage", got, want)
	for range 2 { // the second looks for what was shared with a caller
		if got, err = c.StageByID(t.Context(), old.ID); err != nil {
			t.Fatal(err)
		}
		wantStage(t, "StageByID after UpdateStage", got, want)
		if len(got.FileFormat.NullIf.Value) == 0 {
			return
		}
		got.FileFormat.NullIf.Value[0] = "changed by the caller"
	}
	_, err = c.UpdateStage(t.Context(), "nobody", func(s wharf.Stage) (wharf.Stage, error) {
		t.Error("a change is called without a stage")
		return s, nil
	})
	wantCode(t, "UpdateStage of nobody", err, wharf.CodeNotFound)
	wantNames(t, c, "s")
	wantDropped(t, c)
}

func testUpdateRefused(t recorder, c wharf.Catalog) {
	for _, old := range []wharf.Stage{Stage("in"), External("ex")} {
		create(t, c, old)
		changes := map[string]struct {
			change func(s *wharf.Stage) error
			code   wharf.Code
		}{
			"an error":       {func(*wharf.Stage) error { return wharf.Errorf(wharf.CodeDenied, "no") }, wharf.CodeDenied},
			"a plain error":  {func(*wharf.Stage) error { return errors.New("no") }, wharf.CodeInternal},
			"another ID":     {func(s *wharf.Stage) error { s.ID = wharf.NewStageID(); return nil }, wharf.CodeInternal},
			"another name":   {func(s *wharf.Stage) error { s.Name = "x"; return nil }, wharf.CodeInternal},
			"a creator":      {func(s *wharf.Stage) error { s.Creator += "x"; return nil }, wharf.CodeInternal},
			"a time":         {func(s *wharf.Stage) error { s.CreatedOn = s.CreatedOn.Add(1); return nil }, wharf.CodeInternal},
			"another place":  {func(s *wharf.Stage) error { s.URL = map[bool]string{true: "s3://b/"}[s.Internal()]; return nil }, wharf.CodeInternal},
			"text, not UTF8": {func(s *wharf.Stage) error { s.Comment = "\xff"; return nil }, wharf.CodeInvalid},
		}
		for name, ch := range changes {
			_, err := c.UpdateStage(t.Context(), old.Name, func(s wharf.Stage) (wharf.Stage, error) {
				s.Comment = "changed"
				return s, ch.change(&s)
			})
			wantCode(t, "a change with "+name, err, ch.code)
			got, err := c.Stage(t.Context(), old.Name)
			if err != nil {
				t.Fatal(err)
			}
			wantStage(t, "Stage after a change with "+name, got, old)
		}
	}
}

func testRename(t recorder, c wharf.Catalog) {
	old, other := External("old"), Stage("other")
	create(t, c, old)
	create(t, c, other)
	_, err := c.RenameStage(t.Context(), "nobody", "other")
	wantCode(t, "RenameStage of nobody", err, wharf.CodeNotFound)
	for _, to := range []wharf.StageName{"other", "old"} {
		_, err = c.RenameStage(t.Context(), "old", to)
		wantCode(t, "RenameStage to a name that is taken", err, wharf.CodeExists)
	}
	_, err = c.RenameStage(t.Context(), "old", "")
	wantCode(t, "RenameStage to no name", err, wharf.CodeInternal)
	_, err = c.RenameStage(t.Context(), "old", "\xff")
	wantCode(t, "RenameStage to a name that is not UTF-8", err, wharf.CodeInvalid)
	wantNames(t, c, "old", "other")
	got, err := c.RenameStage(t.Context(), "old", "new")
	if err != nil {
		t.Fatal(err)
	}
	want := old
	want.Name, want.Revision = "new", old.Revision+1
	wantStage(t, "RenameStage", got, want)
	if got, err = c.StageByID(t.Context(), old.ID); err != nil {
		t.Fatal(err)
	}
	wantStage(t, "StageByID after RenameStage", got, want)
	_, err = c.Stage(t.Context(), "old")
	wantCode(t, "Stage by the old name", err, wharf.CodeNotFound)
	wantNames(t, c, "new", "other")
	create(t, c, Stage("old")) // the name is free again
	wantDropped(t, c)
}
