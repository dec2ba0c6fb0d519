package auth_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"wharf"
	"wharf/meta/auth"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func aGrant() wharf.Grant {
	return wharf.Grant{
		User: "root", Stage: wharf.StageID{1, 2, 3}, Name: "s", Key: "a/b.csv", Upload: true,
		ContentType: "text/csv", Expires: noon.Add(time.Hour),
	}
}

func wantDenied(t *testing.T, what string, err error, says string) {
	t.Helper()
	if wharf.CodeOf(err) != wharf.CodeDenied || !strings.Contains(wharf.MessageOf(err), says) {
		t.Errorf("%s: %v, want denied, with %q", what, err, says)
	}
}

// TestSignatureIsFixed holds the form of what is signed: a change of it would
// break every URL that is out.
func TestSignatureIsFixed(t *testing.T) {
	ring := auth.Ring{{ID: "k1", Secret: wharf.NewSecret(strings.Repeat("s", 32)), CreatedOn: noon}}
	id, signature := ring.Sign(aGrant())
	if want := "ySwRa5JaLzwcU19ptIpCRqWfHguHgwGsYcjM7983tOM"; id != "k1" || signature != want {
		t.Errorf("the signature is %q by %q, want %q", signature, id, want)
	}
}

// TestEveryPartIsBound alters each part of a signed grant in turn.
func TestEveryPartIsBound(t *testing.T) {
	ring := auth.Ring(nil).Rotate(noon)
	g := aGrant()
	id, signature := ring.Sign(g)
	if err := ring.Check(g, id, signature, noon); err != nil {
		t.Fatal(err)
	}
	alterations := map[string]func(*wharf.Grant){
		"user":            func(g *wharf.Grant) { g.User = "toor" },
		"no user":         func(g *wharf.Grant) { g.User = "" },
		"stage ID":        func(g *wharf.Grant) { g.Stage[15] ^= 1 },
		"stage name":      func(g *wharf.Grant) { g.Name = "S" },
		"key":             func(g *wharf.Grant) { g.Key = "a/b.csw" },
		"longer key":      func(g *wharf.Grant) { g.Key += "x" },
		"method":          func(g *wharf.Grant) { g.Upload = false },
		"no content type": func(g *wharf.Grant) { g.ContentType = "" },
		"content type":    func(g *wharf.Grant) { g.ContentType = "text/html" },
		"later":           func(g *wharf.Grant) { g.Expires = g.Expires.Add(time.Second) },
		"earlier":         func(g *wharf.Grant) { g.Expires = g.Expires.Add(-time.Second) },
		"between fields":  func(g *wharf.Grant) { g.Name, g.Key = "sa", "/b.csv" },
		"user to method":  func(g *wharf.Grant) { g.User, g.Upload = "rootPUT", false },
	}
	for name, alter := range alterations {
		altered := g
		alter(&altered)
		wantDenied(t, name, ring.Check(altered, id, signature, noon), "does not match")
	}
	for i := range signature {
		other := "A"
		if signature[i] == 'A' {
			other = "B"
		}
		wantDenied(t, "a letter of the signature", ring.Check(g, id, signature[:i]+other+signature[i+1:], noon), "does not match")
	}
	for _, bad := range []string{"", signature[:len(signature)-1], signature + "A", signature + "=", signature + "\n", "ü"} {
		wantDenied(t, "the signature "+bad, ring.Check(g, id, bad, noon), "does not match")
	}
	for _, bad := range []string{"", id + "0", strings.ToUpper(id) + "x"} {
		wantDenied(t, "the key "+bad, ring.Check(g, bad, signature, noon), "does not match")
	}
	wantDenied(t, "another ring", auth.Ring(nil).Rotate(noon).Check(g, id, signature, noon), "does not match")
	wantDenied(t, "no ring", auth.Ring(nil).Check(g, id, signature, noon), "does not match")
}

// TestSameIDAnotherSecret signs under a key that only has the right name.
func TestSameIDAnotherSecret(t *testing.T) {
	ring := auth.Ring(nil).Rotate(noon)
	forged := slices.Clone(ring)
	forged[0].Secret = wharf.NewSecret("another secret")
	id, signature := forged.Sign(aGrant())
	wantDenied(t, "another secret", ring.Check(aGrant(), id, signature, noon), "does not match")
}

func TestExpiry(t *testing.T) {
	ring := auth.Ring(nil).Rotate(noon)
	g := aGrant()
	id, signature := ring.Sign(g)
	if err := ring.Check(g, id, signature, g.Expires.Add(-time.Nanosecond)); err != nil {
		t.Error(err)
	}
	for _, late := range []time.Duration{0, time.Second, 100 * auth.SignFor} {
		wantDenied(t, late.String(), ring.Check(g, id, signature, g.Expires.Add(late)), "expired")
	}
}

// TestRotation follows a ring through a year: the newest key signs, every
// URL is good until it expires, and no key stays longer than that.
func TestRotation(t *testing.T) {
	ring := auth.Ring(nil)
	if id, signature := ring.Sign(aGrant()); id != "" || signature != "" || !ring.Stale(noon) {
		t.Errorf("an empty ring signs: %q, %q", id, signature)
	}
	type signed struct {
		grant         wharf.Grant
		id, signature string
	}
	var out []signed
	ids := map[string]bool{}
	for half := range 365 * 24 / 12 {
		now := noon.Add(time.Duration(half) * 12 * time.Hour)
		ring = ring.Rotate(now)
		if ring.Stale(now) || len(ring) > 2 {
			t.Fatalf("at %s the ring has %d keys, stale: %t", now, len(ring), ring.Stale(now))
		}
		if again := ring.Rotate(now); !slices.Equal(again, ring) {
			t.Fatalf("at %s the ring is rotated twice", now)
		}
		g := aGrant()
		g.Expires = now.Add(wharf.MaxPresign)
		id, signature := ring.Sign(g)
		ids[id] = true
		out = append(out, signed{g, id, signature})
		for _, s := range out {
			if err := ring.Check(s.grant, s.id, s.signature, now); err != nil {
				t.Fatalf("at %s a URL until %s: %v", now, s.grant.Expires, err)
			}
		}
		out = slices.DeleteFunc(out, func(s signed) bool { return !now.Add(12 * time.Hour).Before(s.grant.Expires) })
	}
	if len(ids) != 13 {
		t.Errorf("in a year %d keys have signed", len(ids))
	}
}

// TestStolenKey lets an old key sign for the far future.
func TestStolenKey(t *testing.T) {
	first := auth.Ring(nil).Rotate(noon)
	then := noon.Add(auth.SignFor)
	ring := first.Rotate(then)
	if len(ring) != 2 || ring[1] != first[0] || ring[0] == first[0] {
		t.Fatalf("the ring has %d keys", len(ring))
	}
	g := aGrant()
	g.Expires = then.Add(1000 * time.Hour)
	id, signature := first.Sign(g)
	if err := ring.Check(g, id, signature, then.Add(wharf.MaxPresign)); err != nil {
		t.Errorf("while the key may have signed what is good: %v", err)
	}
	wantDenied(t, "later", ring.Check(g, id, signature, then.Add(wharf.MaxPresign+time.Hour)), "does not match")
}

func TestKeysAreRandom(t *testing.T) {
	a, b := auth.Ring(nil).Rotate(noon)[0], auth.Ring(nil).Rotate(noon)[0]
	if a.ID == b.ID || a.Secret == b.Secret {
		t.Error("two new keys are alike")
	}
	if n := len(a.Secret.Reveal()); n != 32 {
		t.Errorf("a key has %d bytes", n)
	}
	_, signature := auth.Ring{a}.Sign(aGrant())
	if raw, err := base64.RawURLEncoding.DecodeString(signature); err != nil || len(raw) != 32 {
		t.Errorf("the signature %q has %d bytes, %v", signature, len(raw), err)
	}
}
