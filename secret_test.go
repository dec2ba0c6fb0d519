package wharf_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"wharf"
)

func TestSecretCannotBeSeen(t *testing.T) {
	const value = "hunter2"
	secret := wharf.NewSecret(value)
	holder := struct{ S wharf.Secret }{secret}
	hidden := struct {
		s    wharf.Secret
		conn wharf.Connection
	}{secret, wharf.Connection{SecretAccessKey: secret}}
	stage := wharf.Stage{Connection: wharf.Connection{SecretAccessKey: secret, AccessKeyID: secret}}
	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%o"} {
		fmt.Fprintf(&b, verb+" "+verb+" "+verb+" "+verb+" "+verb+" "+verb+"\n", secret, &secret, holder, stage, hidden, &hidden)
	}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("x", "a", secret, "b", holder, "c", &secret, "d", stage, "e", hidden)
	}
	all := b.String() + log.String() + secret.String()
	for _, shape := range []string{value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value)} {
		if strings.Contains(all, shape) {
			t.Errorf("the secret shows as %q", shape)
		}
	}
	if text, err := json.Marshal(holder); err == nil {
		t.Errorf("JSON was made of it: %s", text)
	}
	if text, err := xml.Marshal(holder); err == nil {
		t.Errorf("XML was made of it: %s", text)
	}
	if secret != wharf.NewSecret(value) || secret == wharf.NewSecret("other") || wharf.NewSecret("") != (wharf.Secret{}) {
		t.Error("secrets are not compared by their values")
	}
	if secret.Reveal() != value || secret.IsZero() || !(wharf.Secret{}).IsZero() {
		t.Error("the secret itself is lost")
	}
}
