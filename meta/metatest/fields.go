package metatest

import (
	"fmt"
	"reflect"
	"time"

	"wharf"
)

// testEveryField fills every field that a stage has by reflection, so that
// one that is added and not stored is found.
func testEveryField(t recorder, c wharf.Catalog) {
	var s wharf.Stage
	fillStage(t, &s)
	s.ID, s.URL = wharf.NewStageID(), "s3://b/"
	create(t, c, s)
	got, err := c.StageByID(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantStage(t, "a stage with every field set", got, s)
}

func fillStage(t recorder, s *wharf.Stage) {
	n := 0
	fill(t, reflect.ValueOf(s).Elem(), &n)
}

func fill(t recorder, v reflect.Value, n *int) {
	*n++
	switch v.Interface().(type) {
	case wharf.Secret:
		v.Set(reflect.ValueOf(wharf.NewSecret(fmt.Sprintf("secret %d", *n))))
		return
	case wharf.Privileges:
		v.SetUint(uint64(wharf.PrivilegeRead | wharf.PrivilegeOwnership))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(int64(*n)*1e9, 123456789).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d <&>\x00\u2028", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(int64(*n) << 40)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(uint64(*n % 251))
	default:
		t.Fatalf("fill does not know %v", v.Type())
	}
}

func testCopies(t recorder, c wharf.Catalog) {
	s := Stage("s")
	s.FileFormat.NullIf = wharf.Given([]string{"a", "b"})
	got, _, err := c.CreateStage(t.Context(), s, wharf.CreateNew)
	if err != nil {
		t.Fatal(err)
	}
	s.FileFormat.NullIf.Value[0] = "changed by the caller"
	got.FileFormat.NullIf.Value[1] = "changed by the caller"
	again, err := c.Stage(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	s.FileFormat.NullIf.Value[0] = "a"
	wantStage(t, "Stage after its copies were changed", again, s)
}
