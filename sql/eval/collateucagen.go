//go:build ignore

// collateucagen writes uca….bin from Unicode's file allkeys.txt, the Default Unicode
// Collation Element Table of the Unicode Collation Algorithm, as MySQL reads it: without
// contractions, and with the first eight elements of a character.
//
//	go run collateucagen.go allkeys-9.0.0.txt uca900.bin 3
//	go run collateucagen.go allkeys-5.2.0.txt uca520.bin 1
//	go run collateucagen.go allkeys-4.0.0.txt uca400.bin 1
//
// With one level, elements that do not count at the first one are left out.
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

const mostElements = 8

type entry struct {
	char     rune
	elements [][3]uint64
}

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, to, levels string) error {
	n, err := strconv.Atoi(levels)
	if err != nil {
		return err
	}
	entries, err := read(from, n)
	if err != nil {
		return err
	}
	slices.SortFunc(entries, func(a, b entry) int { return int(a.char - b.char) })
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(encode(entries, n)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(to, packed.Bytes(), 0o644)
}

func read(path string, levels int) ([]entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var entries []entry
	for s := bufio.NewScanner(f); s.Scan(); {
		line, _, _ := strings.Cut(s.Text(), "#")
		left, right, ok := strings.Cut(line, ";")
		chars := strings.Fields(left)
		if !ok || strings.HasPrefix(line, "@") || len(chars) > 1 {
			continue
		}
		char, err := strconv.ParseUint(chars[0], 16, 32)
		if err != nil {
			return nil, err
		}
		e := entry{char: rune(char)}
		for _, element := range strings.Split(strings.TrimSpace(right), "]")[:strings.Count(right, "]")] {
			var weights [3]uint64
			if _, err := fmt.Sscanf(strings.TrimLeft(element, "[.*"), "%x.%x.%x", &weights[0], &weights[1], &weights[2]); err != nil {
				return nil, fmt.Errorf("%s: %w", s.Text(), err)
			}
			if len(e.elements) < mostElements && (levels > 1 || weights[0] != 0) {
				e.elements = append(e.elements, weights)
			}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// encode writes the entries as numbers: how many there are, and of each the character,
// as the distance from that of the entry before, how many elements it has, and their weights.
func encode(entries []entry, levels int) []byte {
	b := binary.AppendUvarint(nil, uint64(len(entries)))
	last := rune(0)
	for _, e := range entries {
		b = binary.AppendUvarint(b, uint64(e.char-last))
		last = e.char
		b = binary.AppendUvarint(b, uint64(len(e.elements)))
		for _, element := range e.elements {
			for _, weight := range element[:levels] {
				b = binary.AppendUvarint(b, weight)
			}
		}
	}
	return b
}
