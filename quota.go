package wharf

import (
	"context"
	"io"
)

// Quota is the most that a stage may hold; 0 is no limit.
type Quota struct {
	Files int64
	Bytes int64
}

// Check returns CodeNoSpace if a stage that holds before, and after a change
// would hold after, then holds more than q allows. A change that does not make
// the stage larger is allowed, also where the stage is over its quota.
func (q Quota) Check(before, after Usage) error {
	switch {
	case q.Files > 0 && after.Files > q.Files && after.Files > before.Files:
		return Errorf(CodeNoSpace, "the stage's quota is %d files (MAX_FILES); it has %d", q.Files, before.Files)
	case q.Bytes > 0 && after.Bytes > q.Bytes && after.Bytes > before.Bytes:
		return Errorf(CodeNoSpace, "the stage's quota is %d bytes (MAX_BYTES); it has %d, and would have %d",
			q.Bytes, before.Bytes, after.Bytes)
	}
	return nil
}

// QuotaOf returns what the stage may hold: its own quota, and for what that leaves
// open the server's. An own quota that no user with SUPER set is never more than the
// server's. An external stage has none.
func (s *Service) QuotaOf(st *Stage) Quota {
	if !st.Internal() {
		return Quota{}
	}
	within := func(own, most int64) int64 {
		switch {
		case own == 0:
			return most
		case most == 0 || st.QuotaFixed:
			return own
		}
		return min(own, most)
	}
	return Quota{Files: within(st.Quota.Files, s.stageQuota.Files), Bytes: within(st.Quota.Bytes, s.stageQuota.Bytes)}
}

// mayLimit checks that a may give the stage its quota: without SUPER no more than
// the server's. It reports whether only a user with SUPER may change that again.
func (s *Service) mayLimit(a Access, st Stage) (fixed bool, err error) {
	own, most := st.Quota, s.stageQuota
	switch {
	case own == Quota{}:
		return false, nil
	case own.Files < 0 || own.Bytes < 0:
		return false, Errorf(CodeInvalid, "MAX_FILES and MAX_BYTES are at least 1")
	case !st.Internal():
		return false, Errorf(CodeInvalid, "MAX_FILES and MAX_BYTES are for internal stages; other programs write to the storage of the stage %q, too", st.Name)
	case a.IsSuper():
		return true, nil
	case most.Files > 0 && own.Files > most.Files:
		return false, Errorf(CodeDenied, "this server allows %d files in a stage (--stage-max-files); more takes SUPER", most.Files)
	case most.Bytes > 0 && own.Bytes > most.Bytes:
		return false, Errorf(CodeDenied, "this server allows %d bytes in a stage (--stage-max-bytes); more takes SUPER", most.Bytes)
	}
	return false, nil
}

// Usage returns how much an internal stage holds, and false where that is not
// known or not for p, who has no READ on it.
func (s *Service) Usage(ctx context.Context, p Principal, st Stage) (Usage, bool, error) {
	if !st.Internal() {
		return Usage{}, false, nil
	}
	a, err := s.authorize(ctx, p)
	if st.Name == UserStage {
		st.Name = a.OwnStage() // its user calls it "~"
	}
	if err != nil || !a.Stage(st).Has(PrivilegeRead) {
		return Usage{}, false, err
	}
	store, err := s.open(ctx, &st)
	if err != nil {
		return Usage{}, false, err
	}
	m, ok := store.(Meter)
	if !ok {
		return Usage{}, false, nil
	}
	u, err := m.Usage(ctx)
	return u, err == nil, err
}

// fits refuses what cannot fit the quota, before r is read, and returns the reader
// of what may: it fails with CodeNoSpace once more came than was left. The store
// decides; this only spares the transfer.
func (u *Upload) fits(ctx context.Context, key Key, r io.Reader, o PutOptions) (io.Reader, error) {
	m, ok := u.store.(Meter)
	if !ok || o.Quota == (Quota{}) {
		return r, nil
	}
	before, err := m.Usage(ctx)
	if err != nil {
		return nil, err
	}
	without := before
	after := Usage{Files: before.Files + 1, Bytes: before.Bytes + max(o.Size, 0)}
	if !o.Unseen && (o.Size == UnknownSize || o.Quota.Check(before, after) != nil) {
		if old, err := u.store.Stat(ctx, key); err == nil {
			without = Usage{Files: before.Files - 1, Bytes: before.Bytes - old.Size}
		} else if CodeOf(err) != CodeNotFound {
			return nil, err
		}
		after = Usage{Files: without.Files + 1, Bytes: without.Bytes + max(o.Size, 0)}
	}
	if err := o.Quota.Check(before, after); err != nil {
		return nil, err
	}
	if o.Size != UnknownSize || o.Quota.Bytes == 0 {
		return r, nil
	}
	return &quotaReader{r: r, quota: o.Quota, before: before, after: after}, nil
}

// quotaReader is the reader of a body of unknown length.
type quotaReader struct {
	r             io.Reader
	quota         Quota
	before, after Usage // after is with the bytes that came
}

// Read implements [io.Reader].
func (q *quotaReader) Read(p []byte) (int, error) {
	n, err := q.r.Read(p)
	q.after.Bytes += int64(n)
	if over := q.quota.Check(q.before, q.after); over != nil {
		return 0, over
	}
	return n, err
}
