package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestLimitsInReadme holds the table of limits in README.md to the settings: each that
// it names is there, and has the default that it says.
func TestLimitsInReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n| limit | setting | default | what the client sees | metric |\n|---|---|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	flags := regexp.MustCompile("`--([a-z-]+)`")
	listed := map[string]bool{}
	for line := range strings.Lines(table + "\n") {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if len(cells) != 5 {
			t.Fatalf("a row has %d cells: %s", len(cells), line)
		}
		for _, cell := range cells {
			for _, flag := range flags.FindAllStringSubmatch(cell, -1) {
				if !slices.ContainsFunc(settings, func(s setting) bool { return s.name == flag[1] }) {
					t.Errorf("there is no setting %s: %s", flag[1], line)
				}
			}
		}
		if own := flags.FindStringSubmatch(cells[1]); own != nil {
			listed[own[1]] = true
			i := slices.IndexFunc(settings, func(s setting) bool { return s.name == own[1] })
			if i >= 0 && cells[2] != "`"+settings[i].value+"`" {
				t.Errorf("the default of %s is %q: %s", own[1], settings[i].value, line)
			}
		}
	}
	for _, s := range settings {
		if strings.Contains(s.name, "max-") && !listed[s.name] {
			t.Errorf("README.md's table of limits lacks --%s", s.name)
		}
	}
	if len(listed) < 18 {
		t.Errorf("the table has %d settings only", len(listed))
	}
}
