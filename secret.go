package wharf

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// Secret is a value that must not be seen: every way of printing, logging or
// marshalling it shows '…' or fails. [Secret.Reveal] is the only way in.
//
// Two Secrets are equal if their values are.
type Secret struct {
	// A handle and not a string: fmt calls no Format method of a value in an
	// unexported field, so that it would print a string. Of a handle it prints
	// an address.
	value unique.Handle[string]
}

// NewSecret wraps s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{unique.Make(s)}
}

// Reveal returns the value, to be handed to what needs it and to nothing else.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.value.Value()
}

// IsZero reports whether no secret is set.
func (s Secret) IsZero() bool { return s == Secret{} }

// String shows nothing of the value.
func (s Secret) String() string { return "…" }

// Format shows nothing of the value under any verb of fmt, %d and %#v
// included.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, "…") }

// LogValue shows nothing of the value to log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue("…") }

// MarshalText fails, so that no encoder writes the value. A catalog seals
// secrets before it stores them.
func (s Secret) MarshalText() ([]byte, error) {
	return nil, errors.New("a secret cannot be marshalled")
}
