package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// result is one load on one server, over all rounds.
type result struct {
	load, server string
	unit         string // "ms" is a time, of which less is better
	syncs        string // "yes", "no", "-"
	figures      []float64
	cpu          time.Duration // of the server, all rounds together
	done         float64       // what the cpu was spent on: requests, MiB or rows
	peak         int64         // bytes, the most of all rounds
}

func (r *result) median() float64 {
	s := slices.Sorted(slices.Values(r.figures))
	n := len(s)
	if n == 0 {
		return 0
	}
	return (s[n/2] + s[(n-1)/2]) / 2
}

// goal is what a load is held to: Wharf's median over the peer's, at least or,
// for a time, at most.
type goal struct {
	load, peer string
	ratio      float64
}

// earlier is the peer of goals that is Wharf at an earlier commit.
const earlier = "Wharf before"

var goals = []goal{
	{"4 KiB files, 16 connections", "versitygw", 4}, {"4 KiB files, 16 connections", "nginx", 1.5},
	{"4 KiB files, 64 connections", "versitygw", 5}, {"4 KiB files, 64 connections", "nginx", 2.5},
	{"64 KiB files, 16 connections", "versitygw", 2}, {"64 KiB files, 16 connections", "nginx", 1},
	{"1 MiB files, 16 connections", "versitygw", 2}, {"1 MiB files, 16 connections", "nginx", 0.8},
	{"1 GiB file by curl", "versitygw", 2}, {"1 GiB file by curl", "nginx", 1},
	{"1 GiB file into an S3 stage", "transfer manager", 0.9},
	{"list 100,000 files", "versitygw", 30},
	{"list, mariadb client", "MariaDB", 1}, {"list, go-sql-driver", "MariaDB", 1},
	{"SELECT 1, 1 connection", "MariaDB", 1}, {"SELECT 1, 16 connections", "MariaDB", 1},
	{"prepared SELECT ?, 16 connections", "MariaDB", 1}, {"connect and log in, 16 at once", "MariaDB", 1},
	{"download 1 GiB by curl", "nginx", 1}, {"download 4 KiB files, 16 connections", "nginx", 0.5},
	{"4 KiB files, 16 connections", earlier, 1.15}, {"4 KiB files, 64 connections", earlier, 1.15},
	{"64 KiB files, 16 connections", earlier, 1.8}, {"1 MiB files, 16 connections", earlier, 0.95},
	{"1 GiB file by curl", earlier, 0.95}, {"download 1 GiB by curl", earlier, 0.95},
	{"download 4 KiB files, 16 connections", earlier, 0.95}, {"list 100,000 files", earlier, 0.95},
	{"list, mariadb client", earlier, 0.95}, {"list, go-sql-driver", earlier, 0.95},
	{"Parquet, count", duckDB, 1.15}, {"Parquet, filter", duckDB, 1.15},
	{"Parquet, GROUP BY", duckDB, 1.15}, {"Parquet, top 10", duckDB, 1.15},
	{"CSV, count", duckDB, 1.15}, {"CSV, filter", duckDB, 1.15},
	{"CSV, GROUP BY", duckDB, 1.15}, {"CSV, top 10", duckDB, 1.15},
	{"SELECT * of 10 columns, mariadb client", "MariaDB", 1},
}

// fact is one figure that has a bound and no peer.
type fact struct {
	what, value, bound string
	ok                 bool
}

type table struct {
	results []*result
	facts   []fact
}

func (t *table) add(r *result) *result {
	t.results = append(t.results, r)
	return r
}

func (t *table) fact(what, value, bound string, ok bool) {
	t.facts = append(t.facts, fact{what, value, bound, ok})
}

func (t *table) empty() bool { return len(t.results) == 0 && len(t.facts) == 0 }

func (t *table) find(load, server string) *result {
	for _, r := range t.results {
		if r.load == load && r.server == server {
			return r
		}
	}
	return nil
}

// markdown is the table as the text of a section.
func (t *table) markdown(machine string) string {
	var b strings.Builder
	b.WriteString(machine + ".\n")
	if len(t.results) > 0 {
		b.WriteString("\n| load | server | median | spread | Wharf is | goal | syncs | server CPU each | peak memory |\n")
		b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	}
	for _, r := range t.results {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.load, r.server,
			figure(r.median(), r.unit), spread(r), t.ratio(r), r.syncs, perUnit(r), mebibytes(r.peak))
	}
	if len(t.facts) > 0 {
		b.WriteString("\n| what | measured | bound | |\n|---|---|---|---|\n")
		for _, f := range t.facts {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.what, f.value, f.bound, met(f.ok))
		}
	}
	return b.String()
}

// ratio is the two cells "Wharf is" and "goal" of a peer's line.
func (t *table) ratio(peer *result) string {
	own := t.find(peer.load, newest)
	if own == nil || own == peer || peer.median() == 0 {
		return "| "
	}
	got := own.median() / peer.median()
	name := peer.server
	if strings.HasPrefix(name, newest+" ") {
		name = earlier
	}
	for _, g := range goals {
		switch {
		case g.load != peer.load || g.peer != name:
		case peer.unit == milliseconds:
			return fmt.Sprintf("%.2fx | at most %gx %s", got, g.ratio, met(got <= g.ratio))
		default:
			return fmt.Sprintf("%.2fx | %gx %s", got, g.ratio, met(got >= g.ratio))
		}
	}
	return fmt.Sprintf("%.2fx | ", got)
}

// milliseconds is the unit of times.
const milliseconds = "ms"

func met(ok bool) string {
	if ok {
		return "met"
	}
	return "**missed**"
}

func figure(v float64, unit string) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.2fM %s", v/1e6, unit)
	case v >= 100 || v >= 10 && unit != milliseconds:
		return fmt.Sprintf("%.0f %s", v, unit)
	case v >= 10:
		return fmt.Sprintf("%.1f %s", v, unit)
	}
	return fmt.Sprintf("%.2f %s", v, unit)
}

func spread(r *result) string {
	if len(r.figures) < 2 {
		return "-"
	}
	return figure(slices.Min(r.figures), r.unit) + " to " + figure(slices.Max(r.figures), r.unit)
}

func perUnit(r *result) string {
	if r.done == 0 || r.cpu == 0 {
		return "-"
	}
	return (time.Duration(float64(r.cpu) / r.done)).Round(10 * time.Nanosecond).String()
}

func mebibytes(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%d MiB", n/mebibyte)
}
