package httpapi

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wharf"
)

// FuzzOutcome holds what an outcome looks like to package json, but for the
// characters that it escapes for HTML.
func FuzzOutcome(f *testing.F) {
	for _, s := range []string{"", "books.parquet", `a"b\c`, "a\nb\x00", "<&>", "über/日本", "\xff", "\u2028", "\x7f"} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, stage, file, message string) {
		type told struct {
			Code    wharf.Code `json:"code"`
			Message string     `json:"message"`
		}
		type plain struct {
			ID        string   `json:"id"`
			StageName string   `json:"stage_name"`
			State     string   `json:"state"`
			Files     []string `json:"files"`
			Error     *told    `json:"error,omitempty"`
		}
		for _, files := range [][]string{{}, {file}, {file, stage, file}} {
			for _, err := range []error{nil, wharf.Errorf(wharf.CodeInvalid, "%s", message)} {
				got := written(outcome{id: "7", stage: stage, state: "FAILED", files: files, err: err})
				p := plain{ID: "7", StageName: stage, State: "FAILED", Files: files}
				if err != nil {
					p.Error = &told{wharf.CodeOf(err), wharf.MessageOf(err)}
				}
				var want strings.Builder
				enc := json.NewEncoder(&want)
				enc.SetEscapeHTML(false)
				if err := enc.Encode(p); err != nil || got+"\n" != want.String() || !json.Valid([]byte(got)) {
					t.Fatalf("got  %s\nwant %s (%v)", got, want.String(), err)
				}
			}
		}
	})
}

// written is an outcome as it is answered.
func written(o outcome) string {
	r := httptest.NewRequest("PUT", "/", nil)
	w := httptest.NewRecorder()
	if err := o.write(newJSONWriter(newExchange(w, r, time.Second), 200)); err != nil {
		return err.Error()
	}
	return w.Body.String()
}

// TestOutcomeWithoutFiles holds that there is a list where there is no file:
// JSON tells null from a list.
func TestOutcomeWithoutFiles(t *testing.T) {
	got := written(outcome{id: "7", stage: "s", state: "FAILED", err: errors.New("secret")})
	want := `{"id":"7","stage_name":"s","state":"FAILED","files":[],"error":{"code":"internal","message":"internal error; the server's log says more"}}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
