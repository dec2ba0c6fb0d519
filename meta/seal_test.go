package meta

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

func TestNoSecretOnDisk(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	s := external("s")
	create(t, c, s)
	create(t, c, external("dropped"))
	if _, err := c.DropStage(t.Context(), "dropped"); err != nil {
		t.Fatal(err)
	}
	closeNow(t, c)
	db := readFile(t, dir, dbFile)
	if !bytes.Contains(db, []byte("s3://bucket/s/")) {
		t.Fatal("the URL is not in the file either: the search looks in the wrong place")
	}
	for _, name := range []string{"s", "dropped"} {
		for field, secret := range secrets(external(name).Connection) {
			if bytes.Contains(db, []byte(secret.Reveal())) {
				t.Errorf("%s of %s is in the file in the clear", field, name)
			}
		}
	}
	if bytes.Contains(db, readFile(t, dir, keyFile)) {
		t.Error("the key is in the catalog")
	}
}

// secrets gives every field of a connection that is a Secret.
func secrets(c wharf.Connection) map[string]wharf.Secret {
	found := map[string]wharf.Secret{}
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		if s, ok := v.Field(i).Interface().(wharf.Secret); ok {
			found[v.Type().Field(i).Name] = s
		}
	}
	return found
}

// TestStageHasSecretsInItsConnectionOnly fails when a Secret is added where
// nobody seals it.
func TestStageHasSecretsInItsConnectionOnly(t *testing.T) {
	secret := reflect.TypeFor[wharf.Secret]()
	stage := reflect.TypeFor[wharf.Stage]()
	for i := range stage.NumField() {
		if f := stage.Field(i); f.Type == secret {
			t.Errorf("wharf.Stage.%s is a secret that stageRecord does not seal", f.Name)
		}
	}
	if n := len(secrets(external("s").Connection)); n != 4 {
		t.Errorf("a connection has %d secrets, this package seals 4", n)
	}
}

func TestSealedValueOpensOnlyWhereItBelongs(t *testing.T) {
	key := bytes.Repeat([]byte{7}, keySize)
	s, err := newSealer(key)
	if err != nil {
		t.Fatal(err)
	}
	here := identity{kind: "stage", id: "0123456789abcdef", field: "SessionToken"}
	for _, value := range []string{"x", "a secret", strings.Repeat("long", 5000), "\x00\xff"} {
		sealed := s.seal(here, value)
		if got, err := s.open(here, sealed); err != nil || got != value {
			t.Errorf("open gives %d bytes of %d, %v", len(got), len(value), err)
		}
		if again := s.seal(here, value); bytes.Equal(again, sealed) {
			t.Error("two seals of one value are alike")
		}
		for _, there := range []identity{
			{"connection", here.id, here.field},
			{here.kind, "0123456789abcdeF", here.field},
			{here.kind, here.id, "ExternalID"},
			{here.kind, here.id + here.field[:1], here.field[1:]},
			{},
		} {
			if _, err := s.open(there, sealed); err == nil {
				t.Errorf("a value sealed as %+v opens as %+v", here, there)
			}
		}
	}
	sealed := s.seal(here, "a secret")
	for i := range sealed {
		for bit := range 8 {
			changed := slices.Clone(sealed)
			changed[i] ^= 1 << bit
			if _, err := s.open(here, changed); err == nil {
				t.Errorf("a sealed value opens although bit %d of byte %d changed", bit, i)
			}
		}
		if _, err := s.open(here, sealed[:i]); err == nil {
			t.Errorf("the first %d bytes of a sealed value open", i)
		}
	}
	other, err := newSealer(bytes.Repeat([]byte{8}, keySize))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.open(here, sealed); err == nil {
		t.Error("a sealed value opens under another key")
	}
}

// TestSealedValuesCannotBeSwapped puts one stage's sealed secret into another
// stage's record, with a right checksum, as somebody could who writes to the
// file.
func TestSealedValuesCannotBeSwapped(t *testing.T) {
	dir := t.TempDir()
	c, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mine, theirs := external("mine"), external("theirs")
	create(t, c, mine)
	create(t, c, theirs)
	err = c.db.Update(func(tx *bolt.Tx) error {
		payload, err := record(tx, bucketStages, theirs.ID[:])
		if err != nil {
			return err
		}
		swapped := bytes.Replace(payload, []byte(`"name":"theirs"`), []byte(`"name":"mine"`), 1)
		return putRecord(tx, bucketStages, mine.ID[:], swapped)
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Stage(t.Context(), "mine")
	wantCode(t, "Stage with the secrets of another", err, wharf.CodeInternal)
	if got.Connection != (wharf.Connection{}) {
		t.Error("Stage gives a connection beside its error")
	}
	if strings.Contains(err.Error(), "secret-theirs") || strings.Contains(err.Error(), "AKIA") {
		t.Errorf("the error tells a secret: %v", err)
	}
	if err := c.Check(t.Context()); err == nil {
		t.Error("Check finds nothing")
	}
}

func TestDecoyKeySurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	first := c.DecoyKey().Reveal()
	closeNow(t, c)
	if again := open(t, dir).DecoyKey().Reveal(); again != first || len(first) != keySize {
		t.Errorf("%d bytes, the same after a restart: %t", len(first), again == first)
	}
	if other := open(t, t.TempDir()).DecoyKey().Reveal(); other == first {
		t.Error("another catalog has the same key")
	}
}
