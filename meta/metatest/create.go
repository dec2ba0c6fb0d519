package metatest

import (
	"fmt"

	"wharf"
)

func testCreate(t recorder, c wharf.Catalog) {
	wantNames(t, c)
	for _, s := range []wharf.Stage{Stage("a"), External("b")} {
		_, err := c.Stage(t.Context(), s.Name)
		wantCode(t, "Stage before it is made", err, wharf.CodeNotFound)
		create(t, c, s)
		got, err := c.Stage(t.Context(), s.Name)
		if err != nil {
			t.Fatal(err)
		}
		wantStage(t, "Stage", got, s)
		if got, err = c.StageByID(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
		wantStage(t, "StageByID", got, s)
	}
	wantNames(t, c, "a", "b")
	wantDropped(t, c)
	_, err := c.Stage(t.Context(), "A")
	wantCode(t, "Stage by a name in another case", err, wharf.CodeNotFound)
	_, err = c.Stage(t.Context(), "")
	wantCode(t, "Stage without a name", err, wharf.CodeNotFound)
	_, err = c.StageByID(t.Context(), wharf.NewStageID())
	wantCode(t, "StageByID of nobody", err, wharf.CodeNotFound)
}

func testCreateModes(t recorder, c wharf.Catalog) {
	old := Stage("s")
	create(t, c, old)
	_, created, err := c.CreateStage(t.Context(), Stage("s"), wharf.CreateNew)
	wantCode(t, "CreateNew of a taken name", err, wharf.CodeExists)
	if created {
		t.Error("CreateNew of a taken name says that it created")
	}
	got, created, err := c.CreateStage(t.Context(), External("s"), wharf.CreateIfNotExists)
	if err != nil || created {
		t.Errorf("CreateIfNotExists of a taken name: %v, %v", created, err)
	}
	wantStage(t, "CreateIfNotExists", got, old)
	wantDropped(t, c)
	for _, next := range []wharf.Stage{External("s"), Stage("s")} {
		got, created, err = c.CreateStage(t.Context(), next, wharf.CreateOrReplace)
		if err != nil || !created {
			t.Errorf("CreateOrReplace: %v, %v", created, err)
		}
		wantStage(t, "CreateOrReplace", got, next)
		wantDropped(t, c, old) // the external one has no files here
		_, err = c.StageByID(t.Context(), old.ID)
		wantCode(t, "StageByID of what was replaced", err, wharf.CodeNotFound)
		wantNames(t, c, "s")
	}
	for name, mode := range map[string]wharf.CreateMode{"x": wharf.CreateIfNotExists, "y": wharf.CreateOrReplace} {
		s := Stage(name)
		got, created, err := c.CreateStage(t.Context(), s, mode)
		if err != nil || !created {
			t.Errorf("mode %d of a free name: %v, %v", mode, created, err)
		}
		wantStage(t, "CreateStage", got, s)
	}
}

func testRefusedUnchanged(t recorder, c wharf.Catalog) {
	old := Stage("s")
	create(t, c, old)
	bad := Stage("s")
	bad.Comment = "not \xff UTF-8"
	_, _, err := c.CreateStage(t.Context(), bad, wharf.CreateOrReplace)
	wantCode(t, "CreateOrReplace with text that is not UTF-8", err, wharf.CodeInvalid)
	for _, s := range []wharf.Stage{{Name: "x"}, {ID: wharf.NewStageID()}, {ID: old.ID, Name: "x"}} {
		_, _, err := c.CreateStage(t.Context(), s, wharf.CreateOrReplace)
		wantCode(t, fmt.Sprintf("CreateStage of %+v", s), err, wharf.CodeInternal)
	}
	got, err := c.Stage(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	wantStage(t, "Stage after a replacement was refused", got, old)
	wantNames(t, c, "s")
	wantDropped(t, c)
}
