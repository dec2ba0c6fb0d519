package eval

import (
	"context"
	"slices"
	"sync"

	"wharf"
)

// lump is what a child takes of its parent at a time, in bytes, so that many
// small pieces do not make all sessions meet at one lock.
const lump = 64 << 10

// Memory is a bound of bytes that may be held: of the server, or of one of its
// sessions, which takes from the server's. It counts; it allocates nothing. It
// is safe for concurrent use.
type Memory struct {
	parent  *Memory // nil for the server's
	most    int64
	free    int64  // of most, what is not taken from the parent
	exceeds string // what the error says of one that is full
	code    wharf.Code

	mu      sync.Mutex // guards what follows
	used    int64
	taken   int64 // from the parent
	kept    int64 // of used: by Keep; of a server, without what is free to its sessions
	waiting []*waiter
}

// waiter is a call of Wait. ready is closed when it has its bytes.
type waiter struct {
	n     int64
	ready chan struct{}
}

// NewMemory returns the bound of a server: most bytes.
func NewMemory(most int64) *Memory {
	return &Memory{most: most, code: wharf.CodeUnavailable,
		exceeds: "the memory that all sessions together may hold is in use; try again"}
}

// Session returns the bound of one session of the server that m bounds: most
// bytes, the first free of which are always there.
func (m *Memory) Session(most, free int64) *Memory {
	return &Memory{parent: m, most: most, free: free, code: wharf.CodeTooLarge,
		exceeds: "the session needs more memory than it may hold, %d bytes"}
}

// Used returns how many bytes are taken.
func (m *Memory) Used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

// Take takes n bytes, or none. It does not wait: a session that is full is
// [wharf.CodeTooLarge], and a server that is full [wharf.CodeUnavailable].
func (m *Memory) Take(n int64) error {
	if n <= 0 {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.take(n)
}

// take is Take of more than nothing. m.mu is held.
func (m *Memory) take(n int64) error {
	if n > m.most-m.used {
		return wharf.Errorf(m.code, m.exceeds, m.args()...)
	}
	if missing := m.used + n - m.free - m.taken; m.parent != nil && missing > 0 {
		more := min(max(missing, lump), m.most-m.taken)
		err := m.parent.Take(more)
		if err != nil && more > missing {
			more = missing
			err = m.parent.Take(more)
		}
		if err != nil {
			return err
		}
		m.taken += more
	}
	m.used += n
	return nil
}

// Keep takes n bytes, as Take does, of the memory of a session for longer than a
// statement. All sessions together may keep half of the server's, so that
// statements find some: more is [wharf.CodeUnavailable].
func (m *Memory) Keep(n int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	share := m.share(n)
	if err := m.parent.keep(share); err != nil {
		return err
	}
	if err := m.take(n); err != nil {
		m.parent.unkeep(share)
		return err
	}
	m.kept += n
	return nil
}

// share is how much more of the parent's is kept with n bytes more kept in m.
func (m *Memory) share(n int64) int64 { return max(0, m.kept+n-m.free) - max(0, m.kept-m.free) }

func (m *Memory) keep(n int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n > 0 && n > m.most/2-m.kept {
		return wharf.Errorf(wharf.CodeUnavailable, "the memory that all sessions together may keep, in variables and prepared statements, is in use; try again")
	}
	m.kept += n
	return nil
}

func (m *Memory) unkeep(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept -= n
}

// Unkeep returns n bytes that were kept.
func (m *Memory) Unkeep(n int64) {
	if n <= 0 {
		return
	}
	m.mu.Lock()
	m.parent.unkeep(-m.share(-n))
	m.kept -= n
	m.mu.Unlock()
	m.Return(n)
}

func (m *Memory) args() []any {
	if m.parent == nil {
		return nil
	}
	return []any{m.most}
}

// Return gives back n bytes that were taken.
func (m *Memory) Return(n int64) {
	if n <= 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= n
	if m.parent == nil {
		m.wake()
		return
	}
	// A lump stays, for a session that takes and returns by turns.
	if spare := m.taken - max(0, m.used-m.free); spare > lump || m.used <= m.free {
		m.taken -= spare
		m.parent.Return(spare)
	}
}

// wake gives those that wait what they wait for, in their order. m.mu is held.
func (m *Memory) wake() {
	for len(m.waiting) > 0 && m.waiting[0].n <= m.most-m.used {
		m.used += m.waiting[0].n
		close(m.waiting[0].ready)
		m.waiting = m.waiting[1:]
	}
}

// Wait takes n bytes, at most all that there are, of a server's memory, and
// returns how many. It waits until ctx is done, whose error it returns then.
// Who waits should hold nothing of m, or bound its waiting.
func (m *Memory) Wait(ctx context.Context, n int64) (int64, error) {
	n = min(n, m.most)
	m.mu.Lock()
	if len(m.waiting) == 0 && n <= m.most-m.used {
		m.used += n
		m.mu.Unlock()
		return n, nil
	}
	w := &waiter{n: n, ready: make(chan struct{})}
	m.waiting = append(m.waiting, w)
	m.mu.Unlock()
	select {
	case <-w.ready:
		return n, nil
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.Index(m.waiting, w); i >= 0 {
		m.waiting = slices.Delete(m.waiting, i, i+1)
		m.wake() // who is behind it may need less
	} else { // it came meanwhile
		m.used -= n
		m.wake()
	}
	return 0, ctx.Err()
}

// Account is what one holder has taken of a Memory, so that all of it can be
// returned at once. It is used by one goroutine.
type Account struct {
	Memory *Memory
	taken  int64
}

// Taken returns how many bytes the account holds.
func (a *Account) Taken() int64 { return a.taken }

// Take takes n more bytes, as [Memory.Take] does.
func (a *Account) Take(n int64) error {
	err := a.Memory.Take(n)
	if err == nil {
		a.taken += max(n, 0)
	}
	return err
}

// ReturnTo returns what was taken since the account held that many bytes.
func (a *Account) ReturnTo(taken int64) {
	if taken < a.taken {
		a.Memory.Return(a.taken - taken)
		a.taken = taken
	}
}
