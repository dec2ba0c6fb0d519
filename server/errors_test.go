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

// TestNumbersOfCauses has errors of one code that MySQL tells apart.
func TestNumbersOfCauses(t *testing.T) {
	for _, c := range []struct {
		code  wharf.Code
		cause error
		errno uint16
		state string
	}{
		{wharf.CodeNotFound, exec.ErrUnknownDatabase, 1049, "42000"},
		{wharf.CodeNotFound, exec.ErrUnknownThread, 1094, "HY000"},
		{wharf.CodeDenied, exec.ErrReadOnly, 1792, "25006"},
		{wharf.CodeInvalid, exec.ErrInTransaction, 1568, "25001"},
		{wharf.CodeNotFound, nil, 1146, "42S02"},
		{wharf.CodeInvalid, exec.ErrNoDatabase, 1046, "3D000"},
		{wharf.CodeInvalid, exec.ErrUnknownVariable, 1193, "HY000"},
		{wharf.CodeInvalid, nil, 1210, "HY000"},
	} {
		err := &wharf.Error{Code: c.code, Msg: "no such", Err: c.cause}
		if r, want := refusalOf(err, 1), (refusal{c.errno, c.state, "no such"}); r != want {
			t.Errorf("%v: %v, want %v", c.cause, r, want)
		}
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
