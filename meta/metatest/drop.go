package metatest

import (
	"wharf"
)

func testDrop(t recorder, c wharf.Catalog) {
	for _, s := range []wharf.Stage{Stage("s"), External("s")} {
		_, err := c.DropStage(t.Context(), "s")
		wantCode(t, "DropStage of nothing", err, wharf.CodeNotFound)
		create(t, c, s)
		got, err := c.DropStage(t.Context(), "s")
		if err != nil {
			t.Fatal(err)
		}
		wantStage(t, "DropStage", got, s)
		_, err = c.Stage(t.Context(), "s")
		wantCode(t, "Stage after DropStage", err, wharf.CodeNotFound)
		_, err = c.StageByID(t.Context(), s.ID)
		wantCode(t, "StageByID after DropStage", err, wharf.CodeNotFound)
		wantNames(t, c)
	}
}

func testDroppedList(t recorder, c wharf.Catalog) {
	var dropped []wharf.Stage
	for range 3 {
		s := Stage("s")
		create(t, c, s)
		if _, err := c.DropStage(t.Context(), "s"); err != nil {
			t.Fatal(err)
		}
		dropped = append(dropped, s)
		wantDropped(t, c, dropped...)
	}
	_, _, err := c.CreateStage(t.Context(), dropped[0], wharf.CreateNew)
	wantCode(t, "CreateStage with a dropped ID", err, wharf.CodeInternal)
	for _, id := range []wharf.StageID{dropped[1].ID, dropped[1].ID, wharf.NewStageID()} {
		if err := c.ForgetDropped(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	wantDropped(t, c, dropped[0], dropped[2])
	s := Stage("s")
	create(t, c, s)
	if err := c.ForgetDropped(t.Context(), s.ID); err != nil {
		t.Error(err)
	}
	wantNames(t, c, "s")
}

func testOrder(t recorder, c wharf.Catalog) {
	names := []wharf.StageName{"-", "A", "Z", "_", "a", "a-", "a1", "aa", "b", "é", "日本", "𝒳"}
	for _, i := range []int{5, 3, 11, 0, 7, 9, 1, 10, 2, 8, 4, 6} {
		create(t, c, Stage(string(names[i])))
	}
	wantNames(t, c, names...)
	wantPages(t, "stages", wharf.Catalog.Stages, c, func(s wharf.Stage) wharf.StageName { return s.Name }, names...)
}

func testOddNames(t recorder, c wharf.Catalog) {
	long := make([]byte, wharf.MaxStageName)
	for i := range long {
		long[i] = 'x'
	}
	for _, name := range []string{"~root", "~", string(long), "$", "0"} {
		s := Stage(name)
		create(t, c, s)
		got, err := c.Stage(t.Context(), s.Name)
		if err != nil {
			t.Fatal(err)
		}
		wantStage(t, "Stage", got, s)
	}
}
