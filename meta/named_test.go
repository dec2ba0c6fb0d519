package meta

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// createNamed puts a connection and a format into a catalog.
func createNamed(t *testing.T, c *Catalog, name string) (wharf.NamedConnection, wharf.NamedFormat) {
	t.Helper()
	conn, format := connectionNamed(name), formatNamed(name)
	_, _, err := c.CreateConnection(t.Context(), conn, wharf.CreateNew)
	_, _, err2 := c.CreateFileFormat(t.Context(), format, wharf.CreateNew)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return conn, format
}

func wantNamed(t *testing.T, c *Catalog, conn wharf.NamedConnection, format wharf.NamedFormat) {
	t.Helper()
	gotConn, err := c.Connection(t.Context(), conn.Name)
	gotFormat, err2 := c.FileFormat(t.Context(), format.Name)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(gotConn, conn) || !reflect.DeepEqual(gotFormat, format) {
		t.Errorf("got %+v and %+v, want %+v and %+v", gotConn, gotFormat, conn, format)
	}
}

func TestNamedSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	conn, format := createNamed(t, c, "kept")
	createNamed(t, c, "gone")
	if err := errors.Join(c.DropConnection(t.Context(), "gone"), c.DropFileFormat(t.Context(), "gone")); err != nil {
		t.Fatal(err)
	}
	closeNow(t, c)
	db := readFile(t, dir, dbFile)
	if !bytes.Contains(db, []byte(conn.Connection.EndpointURL)) {
		t.Error("the endpoint of the connection is not in the file; does this test look at the right one?")
	}
	for name, secret := range secrets(conn.Connection) {
		if bytes.Contains(db, []byte(secret.Reveal())) {
			t.Errorf("the %s of a connection is in the file", name)
		}
	}
	c = open(t, dir)
	wantNamed(t, c, conn, format)
	_, err := c.Connection(t.Context(), "gone")
	wantCode(t, "Connection after a drop and a restart", err, wharf.CodeNotFound)
	_, err = c.FileFormat(t.Context(), "gone")
	wantCode(t, "FileFormat after a drop and a restart", err, wharf.CodeNotFound)
}

func TestAlteredStageSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	s := external("s")
	create(t, c, s)
	_, err := c.UpdateStage(t.Context(), "s", func(s wharf.Stage) (wharf.Stage, error) {
		s.Comment, s.Connection.SecretAccessKey = "new", wharf.NewSecret("another")
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.RenameStage(t.Context(), "s", "t")
	if err != nil {
		t.Fatal(err)
	}
	closeNow(t, c)
	c = open(t, dir)
	got, err := c.Stage(t.Context(), "t")
	if err != nil {
		t.Fatal(err)
	}
	wantStage(t, "Stage after a restart", got, want)
	if got.Revision != s.Revision+2 || got.ID != s.ID || got.Connection.SecretAccessKey != wharf.NewSecret("another") {
		t.Errorf("the altered stage is %+v", got)
	}
	wantNames(t, c, "t")
}

// TestConnectionSecretsCannotBeSwapped moves a sealed secret into the record
// of another connection and into that of a stage, with right checksums.
func TestConnectionSecretsCannotBeSwapped(t *testing.T) {
	c, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	createNamed(t, c, "mine")
	createNamed(t, c, "theirs")
	s := external("s")
	create(t, c, s)
	err = c.db.Update(func(tx *bolt.Tx) error {
		payload, err := record(tx, bucketConnections, []byte("theirs"))
		if err != nil {
			return err
		}
		var r namedConnectionRecord
		if err := decodeJSON(payload, &r); err != nil {
			return err
		}
		stolen, err := json.Marshal(stageRecord{Name: "s", URL: s.URL, Connection: r.Connection})
		return errors.Join(err, putRecord(tx, bucketConnections, []byte("mine"), payload), putRecord(tx, bucketStages, s.ID[:], stolen))
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Connection(t.Context(), "mine")
	wantCode(t, "Connection with the secrets of another", err, wharf.CodeInternal)
	_, err = c.Stage(t.Context(), "s")
	wantCode(t, "Stage with the secrets of a connection", err, wharf.CodeInternal)
	if err := c.Check(t.Context()); err == nil {
		t.Error("Check finds nothing")
	}
}

// TestDamagedNamed changes each byte of both records in turn.
func TestDamagedNamed(t *testing.T) {
	c := open(t, t.TempDir())
	conn, format := createNamed(t, c, "s")
	for _, bucket := range []string{bucketConnections, bucketFormats} {
		var good []byte
		if err := c.view(t.Context(), "", func(tx *bolt.Tx) error {
			good = bytes.Clone(tx.Bucket([]byte(bucket)).Get([]byte("s")))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		put := func(value []byte) {
			if err := c.update(t.Context(), "", func(tx *bolt.Tx) error {
				return tx.Bucket([]byte(bucket)).Put([]byte("s"), value)
			}); err != nil {
				t.Fatal(err)
			}
		}
		for i := 0; i < len(good); i += 7 {
			bad := bytes.Clone(good)
			bad[i] ^= 0x20
			put(bad)
			if err := c.Check(t.Context()); err == nil {
				t.Errorf("Check does not see byte %d of a record in %s", i, bucket)
			}
			_, err1 := c.Connections(t.Context(), "", 100)
			_, err2 := c.FileFormats(t.Context(), "", 100)
			if err1 == nil && err2 == nil {
				t.Errorf("byte %d of a record in %s is changed, and nobody says so", i, bucket)
			}
		}
		put(good)
	}
	wantNamed(t, c, conn, format)
}

func TestUnknownFieldOfNamedIsRefused(t *testing.T) {
	c, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, bucket := range []string{bucketConnections, bucketFormats} {
		if err := c.update(t.Context(), "", func(tx *bolt.Tx) error {
			return putRecord(tx, bucket, []byte("s"), []byte(`{"creator":"root","from_the_future":1}`))
		}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.Connection(t.Context(), "s")
	wantCode(t, "Connection with an unknown field", err, wharf.CodeInternal)
	_, err = c.FileFormat(t.Context(), "s")
	wantCode(t, "FileFormat with an unknown field", err, wharf.CodeInternal)
}

// TestOptionsOnDisk holds how a file format and copy options are stored: as
// the options that were written.
func TestOptionsOnDisk(t *testing.T) {
	const stored = `{"name":"s","file_format":[{"name":"TYPE","value":"NDJSON","kind":0},{"name":"NULL_IF","list":["","NA"],"kind":3}],` +
		`"copy_options":[{"name":"SIZE_LIMIT","value":"7","kind":1},{"name":"PURGE","value":"FALSE","kind":0}],` +
		`"created_on":"2026-01-02T03:04:05Z","revision":1}`
	c := open(t, t.TempDir())
	s, err := c.decodeStage(wharf.NewStageID(), []byte(stored))
	if err != nil {
		t.Fatal(err)
	}
	format := wharf.FileFormat{Type: wharf.NDJSON, NullIf: wharf.Given([]string{"", "NA"})}
	copying := wharf.CopyOptions{SizeLimit: wharf.Given[uint64](7), Purge: wharf.Given(false)}
	if !reflect.DeepEqual(s.FileFormat, format) || s.CopyOptions != copying {
		t.Errorf("it is read as %+v, %+v", s.FileFormat, s.CopyOptions)
	}
	if got, err := c.encodeStage(s); string(got) != stored || err != nil {
		t.Errorf("it is written as %s, %v", got, err)
	}
	for _, bad := range []string{
		`[{"name":"NOPE","value":"1","kind":1}]`, `[{"name":"TYPE","value":"CSV","kind":2}]`, `[{"name":"SKIP_HEADER","value":"x","kind":1}]`,
		`[{"name":"TYPE","value":"CSV","kind":0,"new":1}]`, `{"TYPE":"CSV"}`,
	} {
		if _, err := c.decodeStage(wharf.NewStageID(), []byte(`{"name":"s","file_format":`+bad+`}`)); err == nil {
			t.Errorf("a file format %s is read", bad)
		}
	}
}
