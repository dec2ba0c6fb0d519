package metatest

import (
	"wharf"
)

// testChecks: what replaces, renames or drops something asks its checks of it first. An
// error of one changes nothing and comes back with its code.
func testChecks(t recorder, c wharf.Catalog) {
	ctx := t.Context()
	s := Stage("s")
	create(t, c, s)
	refuse := func(asked wharf.Stage) error {
		wantStage(t, "what a check is asked about", asked, s)
		return wharf.Errorf(wharf.CodeDenied, "no")
	}
	pass := func(wharf.Stage) error { return nil }
	for what, try := range map[string]func(...func(wharf.Stage) error) error{
		"CreateOrReplace": func(checks ...func(wharf.Stage) error) error {
			other := Stage("s")
			other.ID = wharf.NewStageID()
			_, _, err := c.CreateStage(ctx, other, wharf.CreateOrReplace, checks...)
			return err
		},
		"RenameStage": func(checks ...func(wharf.Stage) error) error {
			_, err := c.RenameStage(ctx, "s", "t", checks...)
			return err
		},
		"DropStage": func(checks ...func(wharf.Stage) error) error {
			_, err := c.DropStage(ctx, "s", checks...)
			return err
		},
	} {
		wantCode(t, what+" with a check that fails", try(pass, refuse), wharf.CodeDenied)
		got, err := c.Stage(ctx, "s")
		if err != nil {
			t.Fatal(err)
		}
		wantStage(t, "after "+what+" with a check that fails the stage", got, s)
	}
	if _, err := c.RenameStage(ctx, "s", "s", refuse); wharf.CodeOf(err) != wharf.CodeDenied {
		t.Errorf("RenameStage asks whether the new name is taken before it asks its check: %v", err)
	}
	if _, _, err := c.CreateStage(ctx, Stage("s"), wharf.CreateNew, refuse); wharf.CodeOf(err) != wharf.CodeExists {
		t.Errorf("CreateNew where the name is taken: %v", err)
	}
	if _, err := c.DropStage(ctx, "s", pass); err != nil {
		t.Errorf("DropStage with a check that passes: %v", err)
	}
}

// testNamedChecks is testChecks for connections and file formats, and the change of a
// connection.
func testNamedChecks(t recorder, c wharf.Catalog) {
	ctx := t.Context()
	conn := wharf.NamedConnection{Name: "c", StorageType: "s3", Creator: "ann", CreatedOn: Stage("c").CreatedOn, Owner: wharf.UserID{1}}
	format := wharf.NamedFormat{Name: "f", Format: wharf.FileFormat{Type: wharf.CSV}, Creator: "ann", CreatedOn: conn.CreatedOn, Owner: wharf.UserID{2}}
	if _, _, err := c.CreateConnection(ctx, conn, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.CreateFileFormat(ctx, format, wharf.CreateNew); err != nil {
		t.Fatal(err)
	}
	no := wharf.Errorf(wharf.CodeDenied, "no")
	refuseConnection := func(asked wharf.NamedConnection) error {
		if asked.Owner != conn.Owner {
			t.Errorf("a check is asked about %+v", asked)
		}
		return no
	}
	refuseFormat := func(asked wharf.NamedFormat) error {
		if asked.Owner != format.Owner {
			t.Errorf("a check is asked about %+v", asked)
		}
		return no
	}
	_, _, err := c.CreateConnection(ctx, conn, wharf.CreateOrReplace, refuseConnection)
	wantCode(t, "CreateConnection with a check that fails", err, wharf.CodeDenied)
	wantCode(t, "DropConnection with a check that fails", c.DropConnection(ctx, "c", refuseConnection), wharf.CodeDenied)
	_, _, err = c.CreateFileFormat(ctx, format, wharf.CreateOrReplace, refuseFormat)
	wantCode(t, "CreateFileFormat with a check that fails", err, wharf.CodeDenied)
	wantCode(t, "DropFileFormat with a check that fails", c.DropFileFormat(ctx, "f", refuseFormat), wharf.CodeDenied)

	grant := func(v wharf.NamedConnection) (wharf.NamedConnection, error) {
		v.Granted = append(v.Granted, wharf.Granted{To: wharf.UserID{3}, Privileges: wharf.PrivilegeUsage})
		return v, nil
	}
	after, err := c.UpdateConnection(ctx, "c", grant)
	found, again := c.Connection(ctx, "c")
	for _, got := range []wharf.NamedConnection{after, found} {
		if err != nil || again != nil || len(got.Granted) != 1 || got.Granted[0].Privileges != wharf.PrivilegeUsage {
			t.Errorf("UpdateConnection gives %+v, %v, %v", got, err, again)
		}
	}
	_, err = c.UpdateConnection(ctx, "c", func(v wharf.NamedConnection) (wharf.NamedConnection, error) { return v, no })
	wantCode(t, "UpdateConnection that fails", err, wharf.CodeDenied)
	_, err = c.UpdateConnection(ctx, "none", grant)
	wantCode(t, "UpdateConnection of none", err, wharf.CodeNotFound)
	for what, touch := range map[string]func(*wharf.NamedConnection){
		"Name": func(v *wharf.NamedConnection) { v.Name = "d" }, "Creator": func(v *wharf.NamedConnection) { v.Creator = "bob" },
		"CreatedOn": func(v *wharf.NamedConnection) { v.CreatedOn = v.CreatedOn.Add(1) },
	} {
		_, err := c.UpdateConnection(ctx, "c", func(v wharf.NamedConnection) (wharf.NamedConnection, error) { touch(&v); return v, nil })
		wantCode(t, "UpdateConnection that touches "+what, err, wharf.CodeInternal)
	}
}
