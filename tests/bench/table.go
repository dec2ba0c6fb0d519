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
	unit         string
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

// goal is what a load is held to: Wharf's median over the peer's.
type goal struct {
	load, peer string
	ratio      float64
}

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

func (t *table) find(load, server string) *result {
	for _, r := range t.results {
		if r.load == load && r.server == server {
			return r
		}
	}
	return nil
}

// markdown is the table as a page.
func (t *table) markdown(machine string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmark results\n\n%s. Made by `make bench`: the same load against each server in turn,\n"+
		"round by round, on the loopback address; the load generator shares the processors. A figure is the median of\n"+
		"the rounds, the spread their least and greatest; the ratio is Wharf's median over the peer's.\n\n", machine)
	b.WriteString("| load | server | median | spread | Wharf is | goal | syncs | server CPU each | peak memory |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
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
	own := t.find(peer.load, "Wharf")
	if own == nil || own == peer || peer.median() == 0 {
		return "| "
	}
	got := own.median() / peer.median()
	for _, g := range goals {
		if g.load == peer.load && g.peer == peer.server {
			return fmt.Sprintf("%.2fx | %.1fx %s", got, g.ratio, met(got >= g.ratio))
		}
	}
	return fmt.Sprintf("%.2fx | ", got)
}

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
	case v >= 10:
		return fmt.Sprintf("%.0f %s", v, unit)
	}
	return fmt.Sprintf("%.2f %s", v, unit)
}

func spread(r *result) string {
	if len(r.figures) < 2 {
		return "-"
	}
	return figure(slices.Min(r.figures), "") + "to " + figure(slices.Max(r.figures), "")
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
	return fmt.Sprintf("%d MiB", n>>20)
}
