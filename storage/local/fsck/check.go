package fsck

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"wharf"
	"wharf/storage/local"
)

// Finding is one thing that is wrong in a data folder.
type Finding struct {
	What  string        // what is wrong
	Stage wharf.StageID // whose object it concerns, if that is known
	Key   wharf.Key
	File  string // the file within the data folder that it concerns, if any
	Done  string // what the repair made of it; "" without a repair
	// Foreign is set for a file that is not Wharf's and is left alone: that is
	// no fault of the folder.
	Foreign bool
}

// String returns the finding as one line.
func (f Finding) String() string {
	var b strings.Builder
	if f.Key != "" {
		fmt.Fprintf(&b, "stage %s, file %q: ", f.Stage, string(f.Key))
	}
	if f.File != "" {
		fmt.Fprintf(&b, "%s: ", f.File)
	}
	b.WriteString(strings.ReplaceAll(f.What, "\n", " "))
	if f.Done != "" {
		b.WriteString("; " + f.Done)
	}
	return b.String()
}

// Options say how to check. The zero value changes nothing.
type Options struct {
	// Open says how to open the folder. The zero value is good.
	Open local.Options
	// Repair makes the folder one that serves all that is whole.
	Repair bool
	// Stage is called for each stage that has files, perhaps more than once;
	// nil is not called.
	Stage func(wharf.StageID)
}

// Check verifies a data folder and reports what is wrong, in no particular
// order. An error means that the check or the repair could not be done: a folder
// that a server has open is [wharf.CodeUnavailable], one that is missing or
// empty [wharf.CodeNotFound], one of another format [wharf.CodeUnsupported].
func Check(ctx context.Context, dir string, o Options, report func(Finding)) error {
	c := &check{ctx: ctx, o: o, owned: map[string]bool{}}
	if err := c.inspect(dir); err != nil {
		return err
	}
	if o.Repair && c.faults() > 0 {
		if err := c.repair(dir); err != nil {
			return err
		}
	}
	for _, f := range c.findings {
		report(f.Finding)
	}
	return nil
}

// check is one check on its way.
type check struct {
	ctx      context.Context
	o        Options
	folder   *local.Folder
	hasIndex bool
	findings []finding

	// What the log says of each object: all of it, if there is no index, and
	// what the index has not got yet, if there is one.
	log     map[id]local.Record
	cleared map[wharf.StageID]uint64
	bad     []local.Damage  // also records whose body is damaged
	owned   map[string]bool // body files that an object has
	dying   map[string]bool // body files of objects that are gone
}

type id struct {
	stage wharf.StageID
	key   wharf.Key
}

// finding is a Finding and what a repair does about it.
type finding struct {
	Finding
	lost    *local.Entry // an object that cannot be read
	stray   *local.Stray // a body file that no object has
	segment uint64       // a damaged segment
	part    bool         // FORMAT or a folder is missing
}

func (c *check) found(f finding) { c.findings = append(c.findings, f) }

func (c *check) faults() (n int) {
	for _, f := range c.findings {
		if !f.Foreign {
			n++
		}
	}
	return n
}

func (c *check) inspect(dir string) (err error) {
	folder, hasFormat, err := local.OpenFolder(dir, c.o.Open)
	if err != nil {
		return err
	}
	c.folder = folder
	defer func() { err = errors.Join(err, folder.Close()) }()
	if !hasFormat {
		c.found(finding{Finding: Finding{File: "FORMAT", What: "the file is missing or damaged"}, part: true})
	}
	for _, lost := range folder.Lost() {
		c.found(finding{Finding: Finding{File: lost, What: "the folder is missing"}, part: true})
	}
	c.hasIndex = true
	if err := folder.OpenIndex(c.ctx); c.ctx.Err() != nil {
		return c.ctx.Err()
	} else if err != nil {
		c.noIndex(err)
	}
	for _, part := range []func() error{c.readLog, c.objects, c.strays} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (c *check) noIndex(err error) {
	c.hasIndex = false
	c.found(finding{Finding: Finding{File: "index", What: fmt.Sprintf("the index cannot be read, and the next start makes it anew: %v", err)}})
}

// readLog verifies the log, and gathers what it says of the objects. An index that
// has lost a part is none.
func (c *check) readLog() error {
	before := len(c.findings)
	err := c.scanLog()
	if !errors.Is(err, local.ErrBehind) {
		return err
	}
	c.findings = c.findings[:before]
	c.noIndex(err)
	return c.scanLog()
}

// scanLog also finds the segments that the index knows and that are gone.
func (c *check) scanLog() error {
	c.log, c.cleared, c.bad, c.dying = map[id]local.Record{}, map[wharf.StageID]uint64{}, nil, map[string]bool{}
	for _, n := range c.folder.Missing() {
		c.found(finding{segment: n, Finding: Finding{File: c.folder.SegmentName(n), What: "the segment is missing"}})
		c.bad = append(c.bad, local.Damage{Segment: n, From: 0, To: 1 << 62})
	}
	return c.folder.Log(c.ctx, c.record, func(d local.Damage) {
		c.bad = append(c.bad, d)
		c.found(finding{segment: d.Segment, Finding: Finding{File: c.folder.SegmentName(d.Segment),
			What: fmt.Sprintf("the bytes %d to %d are damaged", d.From, d.To)}})
	})
}

func (c *check) record(r local.Record) error {
	if r.File != "" && (!c.hasIndex || r.Unapplied) {
		c.dying[r.File] = true // unless the object has it still
	}
	if r.Err != nil {
		f := finding{segment: r.Segment, Finding: Finding{File: c.folder.SegmentName(r.Segment),
			What: fmt.Sprintf("the bytes %d to %d are damaged: %v", r.From, r.To, r.Err)}}
		if !r.Harmless {
			c.bad = append(c.bad, local.Damage{Segment: r.Segment, From: r.From, To: r.To})
		}
		c.found(f)
	}
	if c.hasIndex && !r.Unapplied || !r.Stores && !r.Removes {
		return nil
	}
	if r.Removes && r.Key == "" {
		c.cleared[r.Stage] = max(c.cleared[r.Stage], r.Sequence())
		return nil
	}
	k := id{r.Stage, r.Key}
	if old, there := c.log[k]; !there || !old.IsNewer(r.Entry) {
		c.log[k] = r
	}
	return nil
}

// objects verifies each object.
func (c *check) objects() error {
	slices.SortFunc(c.bad, func(a, b local.Damage) int {
		if a.Segment != b.Segment {
			return int(int64(a.Segment - b.Segment))
		}
		return int(a.From - b.From)
	})
	if c.hasIndex {
		err := c.folder.Objects(c.ctx, func(x local.Entry) error {
			if later, there := c.log[id{x.Stage, x.Key}]; there && later.IsNewer(x) {
				return c.gone(x)
			}
			return c.object(x)
		}, c.gone)
		if err != nil {
			return err
		}
	}
	for _, r := range c.log {
		if r.Stores {
			if err := c.object(r.Entry); err != nil {
				return err
			}
		}
	}
	return nil
}

// gone is told of an object that the index has and that was removed.
func (c *check) gone(x local.Entry) error {
	if x.File != "" {
		c.dying[x.File] = true
	}
	return nil
}

func (c *check) object(x local.Entry) error {
	if x.IsUpTo(c.cleared[x.Stage]) {
		return c.gone(x)
	}
	if c.o.Stage != nil {
		c.o.Stage(x.Stage)
	}
	if x.File != "" {
		c.owned[x.File] = true
	}
	f := finding{lost: &x, Finding: Finding{Stage: x.Stage, Key: x.Key, File: x.File}}
	if c.isBad(x) {
		f.What = fmt.Sprintf("the object's record is damaged or missing (%s, bytes %d to %d)", c.folder.SegmentName(x.Segment), x.From, x.To)
		c.found(f)
		return nil
	}
	if x.File == "" {
		return nil
	}
	err := c.folder.VerifyFile(c.ctx, x)
	switch {
	case c.ctx.Err() != nil:
		return c.ctx.Err()
	case err != nil:
		f.What = "the body file is damaged or missing: " + err.Error()
		c.found(f)
	}
	return nil
}

// isBad reports whether a part of the object's record is damaged.
func (c *check) isBad(x local.Entry) bool {
	at, _ := slices.BinarySearchFunc(c.bad, x, func(d local.Damage, x local.Entry) int {
		if d.Segment != x.Segment {
			return int(int64(d.Segment - x.Segment))
		}
		return int(d.To - x.From - 1)
	})
	for ; at < len(c.bad) && c.bad[at].Segment == x.Segment && c.bad[at].From < x.To; at++ {
		if c.bad[at].To > x.From {
			return true
		}
	}
	return false
}

// strays finds the body files that no object has.
func (c *check) strays() error {
	return c.folder.Strays(c.ctx, c.owned, func(x local.Stray) error {
		switch {
		case x.Foreign:
			c.found(finding{Finding: Finding{File: x.File, What: "a file that is not Wharf's is left alone", Foreign: true}})
		case x.Dead, c.dying[x.File], x.Recent && len(c.bad) == 0:
			// The next start removes it.
		default:
			c.found(finding{stray: &x, Finding: Finding{File: x.File, Stage: x.Stage, Key: x.Key, What: "no object has this body file"}})
			if x.Key != "" && c.o.Stage != nil {
				c.o.Stage(x.Stage)
			}
		}
		return nil
	})
}

// repair makes the folder one that serves all that is whole.
func (c *check) repair(dir string) (err error) {
	if slices.ContainsFunc(c.findings, func(f finding) bool { return f.part }) {
		if err := local.Complete(dir, c.o.Open); err != nil {
			return err
		}
	}
	r, err := local.OpenRepairer(dir, !c.hasIndex, c.o.Open)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	segments := map[uint64]bool{}
	for i := range c.findings {
		f := &c.findings[i]
		if f.Done, err = c.mend(r, f); err != nil {
			return err
		}
		if f.segment != 0 {
			segments[f.segment] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(segments)) {
		if err := r.Evacuate(c.ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// mend does what can be done about a finding, and says what that was.
func (c *check) mend(r *local.Repairer, f *finding) (done string, err error) {
	switch {
	case f.Foreign:
		return "", nil
	case f.part:
		return "made anew", nil
	case f.lost != nil:
		if restored, err := r.Restore(c.ctx, *f.lost); restored || err != nil {
			return "the body file is whole, and the object has it again", err
		}
		aside, err := r.Drop(c.ctx, *f.lost)
		if aside {
			return "lost; what is left of it is put aside", err
		}
		return "lost", err
	case f.stray != nil:
		adopted, err := r.Adopt(c.ctx, *f.stray)
		if adopted || err != nil {
			return "the object has it again", err
		}
		return "put aside", r.PutAside(f.stray.File)
	case f.segment != 0:
		return "what is whole is copied, and the segment put aside", nil
	}
	return "made anew", nil
}
