package server

import (
	"strings"
	"testing"

	"wharf"
	"wharf/sql/exec"
)

func TestEveryCodeHasANumber(t *testing.T) {
	for _, code := range wharf.Codes() {
		errno, state, ok := number(code)
		if !ok || errno == 0 || len(state) != 5 {
			t.Errorf("%s: %d %q %v", code, errno, state, ok)
		}
	}
	if _, _, ok := number("not a code"); ok {
		t.Error("what is no code has a number")
	}
}

// USE nowhere is a statement like others to the server, and yet has the
// number of COM_INIT_DB.
func TestNumberOfUnknownDatabase(t *testing.T) {
	r := refusalOf(&wharf.Error{Code: wharf.CodeNotFound, Msg: "no such", Err: exec.ErrUnknownDatabase}, 1)
	if want := (refusal{1049, "42000", "no such"}); r != want {
		t.Errorf("%v, want %v", r, want)
	}
	r = refusalOf(wharf.Errorf(wharf.CodeNotFound, "no such"), 1)
	if want := (refusal{1146, "42S02", "no such"}); r != want {
		t.Errorf("%v, want %v", r, want)
	}
}

func TestRefusalPayload(t *testing.T) {
	r := refusal{1234, "HY000", strings.Repeat("ü", 2000)}
	b := string(r.payload(true))
	if !strings.HasPrefix(b, "\xff\xd2\x04#HY000ü") || len(b) > maxMessage+20 || !strings.HasSuffix(b, "ü…") {
		t.Errorf("payload of %d bytes: %.30q … %q", len(b), b, b[len(b)-10:])
	}
	if b := string(r.payload(false)); !strings.HasPrefix(b, "\xff\xd2\x04ü") {
		t.Errorf("before the greeting: %.20q", b)
	}
}
