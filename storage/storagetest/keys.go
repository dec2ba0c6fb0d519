package storagetest

import (
	"strings"

	"wharf"
)

func keyCases() []testCase {
	return []testCase{
		{"keys/any-utf8", anyKeys(oddKeys)},
		{"keys/noncharacters", noncharacters},
		{"keys/neighbours", anyKeys(neighbours)},
		{"keys/below-a-key", keyBelowKey},
		{"keys/double-slash", doubleSlash},
		{"keys/long", longKeys},
	}
}

// oddKeys are keys that file systems, URLs, XML or shells treat specially. Some
// differ only in case or in Unicode normalization.
var oddKeys = []wharf.Key{
	" ", " leading", "trailing ", "two  spaces", "dot.", ".hidden", "...", "..a", "a..", "~", "-rf", "--",
	"100%", "%", "%2F", "%2e%2e", "a%2Fb", "a+b", "a b", "a%20b", "a&b=c", "?query", "#fragment", "a;b", "a:b", "a@b",
	"'quoted'", `"double"`, "`back`", `back\slash`, "<xml>&amp;", "]]>", "*", "?", "[a-z]", "{a,b}", "$HOME", "!", "|", ",", "(", ")",
	"CASE", "case", "Case", "con", "nul.txt", "caf\u00e9", "cafe\u0301", "ß", "SS", "ı", "I",
	"日本語.csv", "привет", "עברית", "👍", "👨‍👩‍👧‍👦/🎉.parquet", "e\u200bzero-width", "\ufeffbom", "\u2028line", "\ufffd", "\U00010000", "\U0010fffd", "\ue000",
	"folder/with space/100% 'q'.csv", "deep/a/b/c/d/e/f/g/h/i/j/k", ".well-known/x", "a/.b", "a/...", "a/ /b",
}

// neighbours are keys around '/' in byte order. A walk through folders has
// another order.
var neighbours = []wharf.Key{
	"a!", "a-", "a-b", "a.", "a.b/c", "a/a", "a/b", "a/b-c", "a/c/d", "a/c-d", "a0/b", "aa/a", "ab", "b", "A/b", "Z",
}

// anyKeys is a case that stores every key with a body of its own, and deletes
// them one by one.
func anyKeys(keys []wharf.Key) func(e *env) {
	return func(e *env) {
		bodies := map[wharf.Key][]byte{}
		for i, key := range keys {
			if _, err := wharf.ParseKey(string(key)); err != nil {
				e.Fatalf("the suite uses an invalid key: %v", err)
			}
			bodies[key] = e.body(10 + i)
			e.put(key, bodies[key])
		}
		e.wantKeys(wharf.ListOptions{}, keys...)
		for i, key := range keys {
			e.wantBody(key, bodies[key])
			if got := e.keys(wharf.ListOptions{Prefix: string(key)}); len(got) == 0 || got[0] != key {
				e.Errorf("List with the key %q as its prefix does not begin with it: %q", key, got)
			}
			if err := e.store.Delete(e.ctx, []wharf.Key{key}); err != nil {
				e.Errorf("Delete(%q): %v", key, err)
			}
			e.wantAbsent(key)
			e.wantKeys(wharf.ListOptions{}, keys[i+1:]...)
		}
	}
}

// noncharacters has keys with noncharacters that XML cannot carry and with
// others. XML encoders replace the former by U+FFFD, so there are keys with
// U+FFFD, too.
func noncharacters(e *env) {
	carried := []wharf.Key{"\ufffd", "a\ufffd", "a\ufffdb", "\U0001ffff", "\U0010ffff"}
	others := []wharf.Key{"\ufffe", "\uffff", "a\uffff", "a\ufffeb", "b\uffff/a"}
	if !e.excepted(NoNoncharacters) {
		anyKeys(append(others, carried...))(e)
		return
	}
	body := e.body(100)
	for _, key := range carried {
		e.put(key, body)
	}
	for _, key := range others {
		if _, err := e.store.Put(e.ctx, key, reader(body), wharf.PutOptions{Size: 100}); err == nil {
			e.Errorf("Put(%q) works: the exception is not needed", key)
		} else {
			e.wantCode("Put of a key that XML cannot carry", err, wharf.CodeInvalid)
		}
		e.wantAbsent(key)
	}
	if err := e.store.Delete(e.ctx, append(others, carried[0])); err != nil {
		e.Errorf("Delete(%q): %v", others, err)
	}
	e.wantKeys(wharf.ListOptions{}, carried[1:]...)
	for _, key := range carried[1:] {
		e.wantBody(key, body)
	}
}

func keyBelowKey(e *env) {
	for _, order := range [][2]wharf.Key{{"k", "k/under"}, {"r/under/deep", "r/under"}} {
		first, second := e.body(100), e.body(200)
		e.put(order[0], first)
		if e.excepted(NoKeyBelowKey) {
			if _, err := e.store.Put(e.ctx, order[1], reader(second), wharf.PutOptions{Size: 200}); err == nil {
				e.Errorf("Put(%q) beside %q works: the exception is not needed", order[1], order[0])
			}
			e.wantBody(order[0], first)
			continue
		}
		e.put(order[1], second)
		e.wantBody(order[0], first)
		e.wantBody(order[1], second)
		e.wantKeys(wharf.ListOptions{Prefix: string(order[0][:1])}, order[0], order[1])
		if err := e.store.Delete(e.ctx, []wharf.Key{order[0]}); err != nil {
			e.Errorf("Delete(%q): %v", order[0], err)
		}
		e.wantAbsent(order[0])
		e.wantBody(order[1], second)
	}
}

func doubleSlash(e *env) {
	if e.excepted(CollapsesSlashes) {
		return
	}
	anyKeys([]wharf.Key{"p//q", "p/q", "p///q", "q//r", "q/r", "q/ /r"})(e)
}

func longKeys(e *env) {
	x255 := strings.Repeat("x", 255)
	short := []wharf.Key{
		wharf.Key(strings.Repeat("segment/", wharf.MaxKey/8-1) + "segment."),
		wharf.Key(strings.Repeat("s/", wharf.MaxKey/2-1) + "ss"),
		wharf.Key(strings.Join([]string{x255, x255, x255, x255}, "/")),
	}
	long := []wharf.Key{
		wharf.Key(strings.Repeat("x", 256)),
		wharf.Key(strings.Repeat("x", wharf.MaxKey)),
		wharf.Key(strings.Repeat("x", wharf.MaxKey-1) + "y"),
		wharf.Key(strings.Repeat("👍", wharf.MaxKey/4)),
		wharf.Key("d/" + strings.Repeat("é", wharf.MaxKey/2-1)),
	}
	if !e.excepted(ShortSegments) {
		anyKeys(append(short, long...))(e)
		return
	}
	anyKeys(short)(e)
	for _, key := range long {
		if _, err := e.store.Put(e.ctx, key, reader(nil), wharf.PutOptions{}); err == nil {
			e.Errorf("Put of a key of %d bytes in one segment works: the exception is not needed", len(key))
		}
	}
	e.wantKeys(wharf.ListOptions{})
}
