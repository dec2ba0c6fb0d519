package httpapi

import (
	"errors"
	"net/http"
	"testing"

	"wharf"
)

func TestStatuses(t *testing.T) {
	want := map[wharf.Code]int{
		"syntax": 400, "invalid": 400, "unsafe": 400, "not_found": 404, "exists": 409, "unauthenticated": 401,
		"denied": 403, "too_large": 413, "media_type": 415, "precondition": 412, "range": 416, "unsupported": 501,
		"upstream": 502, "unavailable": 503, "timeout": 504, "no_space": 507, "canceled": 503, "internal": 500,
	}
	for _, code := range wharf.Codes() {
		if _, ok := statuses[code]; !ok {
			t.Errorf("the code %s has no HTTP status", code)
		}
		if got := statusOf(wharf.Errorf(code, "x")); got != want[code] {
			t.Errorf("the code %s is the status %d, want %d", code, got, want[code])
		}
	}
	if len(statuses) != len(wharf.Codes()) {
		t.Errorf("the table has %d codes, there are %d", len(statuses), len(wharf.Codes()))
	}
	if got := statusOf(errors.New("no code")); got != http.StatusInternalServerError {
		t.Errorf("an error without a code is the status %d", got)
	}
}
