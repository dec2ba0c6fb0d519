package meta

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"wharf"
)

// FuzzStageRecord reads any payload as a stage: it is refused, or what it
// says can be written and read again.
func FuzzStageRecord(f *testing.F) {
	seal, err := newSealer(make([]byte, keySize))
	if err != nil {
		f.Fatal(err)
	}
	c := &Catalog{seal: seal}
	id := wharf.StageID{1, 2, 3}
	for _, s := range []wharf.Stage{stage("s"), external("s")} {
		s.ID = id
		payload, err := c.encodeStage(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Add([]byte(`{"name":"s","connection":{"access_key_id":"AQ=="}}`))
	f.Add([]byte(`{"file_format":[{"name":"TYPE","value":"CSV","kind":0},{"name":"NULL_IF","list":["a",""],"kind":3}]}`))
	f.Add([]byte(`{"file_format":[{"name":"NOPE","value":"1","kind":1}],"copy_options":[{"name":"PURGE","value":"TRUE","kind":0}]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := c.decodeStage(id, payload)
		if err != nil {
			if !reflect.DeepEqual(s, wharf.Stage{}) {
				t.Errorf("an error comes with a stage: %+v", s)
			}
			return
		}
		again, err := c.encodeStage(s)
		if err != nil {
			t.Fatalf("%+v was read and cannot be written: %v", s, err)
		}
		back, err := c.decodeStage(id, again)
		if err != nil || !s.CreatedOn.Equal(back.CreatedOn) {
			t.Fatalf("%+v comes back as %+v, %v", s, back, err)
		}
		s.CreatedOn = back.CreatedOn
		if !reflect.DeepEqual(s, back) {
			t.Errorf("%+v comes back as %+v", s, back)
		}
	})
}

// FuzzSalvage reads anything as a catalog: without a panic, in no more records
// than it has room for.
func FuzzSalvage(f *testing.F) {
	dir := f.TempDir()
	c := open(f, dir)
	for _, name := range []string{"one", "two"} {
		if _, _, err := c.CreateStage(f.Context(), stage(name), wharf.CreateNew); err != nil {
			f.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, dbFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:100])
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, ok := readPages(data); ok {
			p.walk()
		}
		if s := salvageRecords(data); len(s.records)*recordHeader > len(data) {
			t.Errorf("%d records in %d bytes", len(s.records), len(data))
		}
	})
}
