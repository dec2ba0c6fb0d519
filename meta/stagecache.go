package meta

import (
	"sync"
	"sync/atomic"

	"wharf"
)

// maxRecent bounds the stages that are kept decoded.
const maxRecent = 1024

// recent keeps the stages that were read since the last transaction that
// wrote, decoded: an upload looks its stage up twice. Only this process
// has the file, so that only its own writers can change a stage. From the moment
// that one begins, no stage that was read before is returned.
type recent struct {
	// writes counts the beginnings and the ends of transactions that write:
	// it is odd while one runs.
	writes atomic.Uint64

	mu     sync.RWMutex // guards all below
	as     uint64       // what writes was when all below was read
	byName map[wharf.StageName]*wharf.Stage
	byID   map[wharf.StageID]*wharf.Stage
}

// writing clears the cache, which stays empty until done is called.
func (r *recent) writing() (done func()) {
	r.writes.Add(1)
	return func() { r.writes.Add(1) }
}

// name returns the stage of that name, if it was read since the last write, else
// nil. All that recent returns is shared, and never changes.
func (r *recent) name(name wharf.StageName) *wharf.Stage {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.current(r.byName[name])
}

// id returns the stage with that ID, if it was read since the last write, else nil.
func (r *recent) id(id wharf.StageID) *wharf.Stage {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.current(r.byID[id])
}

func (r *recent) current(s *wharf.Stage) *wharf.Stage {
	if r.as != r.writes.Load() {
		return nil
	}
	return s
}

// keep takes in a stage that was read in a transaction that began after
// writes was as, and that does not change any more.
func (r *recent) keep(as uint64, s *wharf.Stage) {
	if as%2 == 1 || as != r.writes.Load() {
		return // the transaction may have seen the catalog before the write
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.as > as {
		return
	}
	if r.byName == nil || r.as < as || len(r.byID) >= maxRecent {
		r.as, r.byName, r.byID = as, map[wharf.StageName]*wharf.Stage{}, map[wharf.StageID]*wharf.Stage{}
	}
	r.byName[s.Name], r.byID[s.ID] = s, s
}
