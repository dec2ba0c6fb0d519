package eval

import (
	_ "embed"
	"encoding/hex"
	"strings"
	"sync"

	"golang.org/x/text/encoding/charmap"
)

// latin1Data has the weights of the 256 characters of latin1 in each of its collations, as
// HEX(WEIGHT_STRING(…)) of MySQL and MariaDB gives them.
//
//go:embed collatelatin1.txt
var latin1Data string

// latin1Weights are those of a collation, by the byte of a character.
type latin1Weights [256]string

var latin1Tables = sync.OnceValue(func() map[string]*latin1Weights {
	all := map[string]*latin1Weights{}
	for _, line := range strings.Split(strings.TrimSpace(latin1Data), "\n") {
		fields := strings.Fields(line)
		t := &latin1Weights{}
		for i, field := range fields[1:] {
			weight, err := hex.DecodeString(field)
			if err != nil || len(fields) != 1+len(t) {
				panic("collatelatin1.txt: " + fields[0]) // it is part of the program
			}
			t[i] = string(weight)
		}
		all[fields[0]] = t
	}
	return all
})

func latin1Table(name string) *latin1Weights { return latin1Tables()[name] }

// weights are those of a character. What latin1 does not have is a '?' there.
func (t *latin1Weights) weights(r rune) string {
	b, ok := charmap.Windows1252.EncodeRune(r)
	if !ok {
		b = '?'
	}
	return t[b]
}
