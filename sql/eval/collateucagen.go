//go:build ignore

// collateucagen writes uca.bin from Unicode's file allkeys.txt, the Default Unicode
// Collation Element Table of the Unicode Collation Algorithm:
//
//	go run collateucagen.go allkeys.txt
package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

type entry struct {
	runes    []rune
	elements [][3]uint64
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	entries, err := read(path)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b entry) int { return slices.Compare(a.runes, b.runes) })
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(encode(entries)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile("uca.bin", packed.Bytes(), 0o644)
}

func read(path string) ([]entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var entries []entry
	for s := bufio.NewScanner(f); s.Scan(); {
		line, _, _ := strings.Cut(s.Text(), "#")
		left, right, ok := strings.Cut(line, ";")
		if !ok || strings.HasPrefix(line, "@") {
			continue
		}
		var e entry
		for _, word := range strings.Fields(left) {
			n, err := strconv.ParseUint(word, 16, 32)
			if err != nil {
				return nil, err
			}
			e.runes = append(e.runes, rune(n))
		}
		for _, element := range strings.Split(strings.TrimSpace(right), "]")[:strings.Count(right, "]")] {
			var weights [3]uint64
			if _, err := fmt.Sscanf(strings.TrimLeft(element, "[.*"), "%x.%x.%x", &weights[0], &weights[1], &weights[2]); err != nil {
				return nil, fmt.Errorf("%s: %w", s.Text(), err)
			}
			e.elements = append(e.elements, weights)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// encode writes the entries as numbers: how many there are, and of each how
// many characters and elements, the characters, the first as the distance from
// that of the entry before, and the elements' weights.
func encode(entries []entry) []byte {
	b := binary.AppendUvarint(nil, uint64(len(entries)))
	last := rune(0)
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(len(e.runes)))
		b = binary.AppendUvarint(b, uint64(len(e.elements)))
		b = binary.AppendUvarint(b, uint64(e.runes[0]-last))
		last = e.runes[0]
		for _, r := range e.runes[1:] {
			b = binary.AppendUvarint(b, uint64(r))
		}
		for _, element := range e.elements {
			for _, weight := range element {
				b = binary.AppendUvarint(b, weight)
			}
		}
	}
	return b
}
