package httpapi

import (
	"encoding/json"
	"testing"
	"time"

	"wharf"
)

// TestFileOfAList compares with what package json writes.
func TestFileOfAList(t *testing.T) {
	for i, name := range []string{"a.csv", `"quoted"\`, "<&>", "tab\t", "ü/日本", "\u2028"} {
		moment := time.Date(2024, 2, 29, 23, 59, 58, i*1000, time.FixedZone("", 3600))
		for _, sum := range []string{"", "0cc175b9c0f1b6a831c399e269772661"} {
			w := &jsonWriter{}
			w.file(wharf.Object{Key: wharf.Key(name), Size: int64(i) << 40, MD5: sum, ModTime: moment})
			var got struct {
				Name string    `json:"name"`
				Size int64     `json:"size"`
				MD5  *string   `json:"md5"`
				Time time.Time `json:"last_modified"`
			}
			if err := json.Unmarshal(w.b, &got); err != nil {
				t.Fatalf("%s: %v", w.b, err)
			}
			if got.Name != name || got.Size != int64(i)<<40 || (got.MD5 == nil) != (sum == "") || got.MD5 != nil && *got.MD5 != sum || !got.Time.Equal(moment) {
				t.Errorf("%s: read as %+v", w.b, got)
			}
			again, err := json.Marshal(got.Time.UTC())
			want := `,"last_modified":` + string(again) + "}"
			if tail := string(w.b[len(w.b)-len(want):]); err != nil || tail != want {
				t.Errorf("the time is %s, want %s", tail, want)
			}
		}
	}
}
