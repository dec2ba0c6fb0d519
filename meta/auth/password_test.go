package auth

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"wharf"
)

func xor(a, b []byte) []byte {
	out := make([]byte, len(a))
	for i := range a {
		out[i] = a[i] ^ b[i]
	}
	return out
}

// What a client computes, written from the protocol's description and not
// from the code under test.
func nativeScramble(plain string, salt []byte) []byte {
	s1 := sha1.Sum([]byte(plain))
	s2 := sha1.Sum(s1[:])
	mask := sha1.Sum(append(append([]byte{}, salt...), s2[:]...))
	return xor(s1[:], mask[:])
}

func sha2Scramble(plain string, salt []byte) []byte {
	s1 := sha256.Sum256([]byte(plain))
	s2 := sha256.Sum256(s1[:])
	mask := sha256.Sum256(append(append([]byte{}, s2[:]...), salt...))
	return xor(s1[:], mask[:])
}

var testSalt = []byte("12345678901234567890")

func TestPasswordChecks(t *testing.T) {
	for _, plain := range []string{"a", "hunter2", "pass word", "Grüße 🐟", strings.Repeat("x", MaxPassword)} {
		p, err := NewPassword(plain)
		if err != nil {
			t.Fatalf("NewPassword(%q): %v", plain, err)
		}
		d := NewDigest(plain)
		for _, try := range []string{plain, plain + "x", "", strings.ToUpper(plain), "other", strings.Repeat("y", 1<<20)} {
			want := try == plain
			if strings.ToUpper(plain) == plain && try == plain {
				want = true
			}
			checks := map[string]bool{
				"Check":       p.Check(try),
				"CheckSHA2":   p.CheckSHA2(try),
				"CheckNative": p.CheckNative(nativeScramble(try, testSalt), testSalt),
				"Digest":      d.Check(sha2Scramble(try, testSalt), testSalt),
			}
			for name, got := range checks {
				if got != want {
					t.Errorf("%s of %.20q with %.20q = %v", name, plain, try, got)
				}
			}
		}
		if p.CheckNative(nativeScramble(plain, testSalt), []byte("09876543210987654321")) {
			t.Error("a scramble under another salt was taken")
		}
		if d.Check(sha2Scramble(plain, testSalt), []byte("09876543210987654321")) {
			t.Error("a sha2 scramble under another salt was taken")
		}
	}
}

func TestScrambleOfAnyLength(t *testing.T) {
	p, _ := NewPassword("x")
	d := NewDigest("x")
	for n := range 64 {
		b := make([]byte, n)
		if p.CheckNative(b, testSalt) || d.Check(b, testSalt) {
			t.Errorf("%d zero bytes were taken", n)
		}
	}
}

func TestNoPassword(t *testing.T) {
	p, err := NewPassword("")
	if err != nil || p != (Password{}) || p.IsSet() {
		t.Fatalf("NewPassword of nothing = %v, %v", p, err)
	}
	if !p.Check("") || !p.CheckSHA2("") || !p.CheckNative(nil, testSalt) {
		t.Error("the empty password was refused")
	}
	if p.Check("x") || p.CheckSHA2("x") || p.CheckNative(nativeScramble("x", testSalt), testSalt) {
		t.Error("a password was taken where none is set")
	}
	if native, sha2 := p.Stored(); native != "" || sha2 != "" {
		t.Errorf("no password is stored as %q and %q", native, sha2)
	}
}

// The manual's PASSWORD('mypass'), and the row of mysql.user for 'foobar'
// that the comments of TiDB's parser give in hexadecimal.
func TestKnownVectors(t *testing.T) {
	mypass, err := NewPassword("mypass")
	if err != nil {
		t.Fatal(err)
	}
	const native = "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4"
	if got, _ := mypass.Stored(); got != native {
		t.Errorf("native form of mypass = %s", got)
	}
	sha2, err := hex.DecodeString("24412430303524031A69251C34295C4B35167C7F1E5A7B6309134950" +
		"3974624D34504B5A424679354856336868686F52485A736E4A733368786E427575516C73446469496537")
	if err != nil {
		t.Fatal(err)
	}
	p := Password{sha2: string(sha2)}
	if !p.CheckSHA2("foobar") || p.CheckSHA2("mypass") {
		t.Error("the row of mysql.user is not foobar's")
	}
}

func TestEachRecordHasASalt(t *testing.T) {
	p, _ := NewPassword("twice")
	q, _ := NewPassword("twice")
	if p == q {
		t.Error("two records of one password are equal: no salt")
	}
}

func TestRefusedPasswords(t *testing.T) {
	for _, s := range []string{strings.Repeat("x", MaxPassword+1), "a\x00b"} {
		if _, err := NewPassword(s); wharf.CodeOf(err) != wharf.CodeInvalid {
			t.Errorf("NewPassword of %d bytes gave %v", len(s), err)
		}
	}
}

func TestDecoyMatchesNothing(t *testing.T) {
	d := Decoy()
	if !d.IsSet() || d == Decoy() || d.Check("") || d.CheckSHA2("") {
		t.Error("the decoy can be guessed")
	}
}

func TestNothingIsPrinted(t *testing.T) {
	p, _ := NewPassword("secret")
	native, sha2 := p.Stored()
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		s := fmt.Sprintf(format, p)
		if strings.Contains(s, native[1:9]) || strings.Contains(s, sha2[7:]) {
			t.Errorf("%s shows %s", format, s)
		}
		if d := fmt.Sprintf(format, NewDigest("secret")); d != "(digest)" {
			t.Errorf("%s shows the digest as %s", format, d)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true, "::ffff:192.0.2.1": false,
		"192.0.2.1": false, "0.0.0.0": false, "::": false, "localhost": false, "127.0.0.1:80": false, "127.1": false, "": false,
	} {
		if IsLoopback(host) != want {
			t.Errorf("%q is loopback: %t", host, !want)
		}
	}
}
