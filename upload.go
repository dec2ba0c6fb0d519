package wharf

import (
	"context"
	"io"
	"time"
)

// defaultPutMemory is what an upload counts for where its store cannot tell.
const defaultPutMemory = 1 << 20

// listenerMemory is what the listener holds for an upload besides its store:
// the buffer that it reads into, the connection's own, and their goroutine.
const listenerMemory = 320 << 10

// afterPut bounds what is done for an upload after its client left.
const afterPut = 30 * time.Second

// Upload is the right to put files into one stage: the stage exists, the
// principal may write to it, and there is memory for one file at a time.
// Close gives it back. An Upload is for one goroutine.
type Upload struct {
	service *Service
	stage   Stage
	store   Store
	held    reservation
}

// BeginUpload checks stage and privilege, before any byte is read, and waits
// for memory. size is the most bytes that one of the files can have, as far
// as that is known, else UnknownSize: what the wait is for. Where the wait is
// over, it is CodeUnavailable.
func (s *Service) BeginUpload(ctx context.Context, p Principal, name StageName, size int64) (*Upload, error) {
	if err := authorizeFile(p); err != nil {
		return nil, err
	}
	u, err := s.startLanding(ctx, p, name)
	if err != nil {
		return nil, err
	}
	u.store, err = s.opener.Open(ctx, u.stage)
	if err != nil {
		s.endLanding(u.stage.ID)
		return nil, err
	}
	u.held, err = s.admission.acquire(ctx, max(u.memory(size)+listenerMemory, s.leastUpload))
	if err != nil {
		s.endLanding(u.stage.ID)
		return nil, err
	}
	return u, nil
}

// memory is what a Put of size bytes or of unknown length counts for. What an
// internal stage holds grows with the bytes that come; others choose by the
// most that may come how large the parts are that they hold.
func (u *Upload) memory(size int64) int64 {
	b, ok := u.store.(Budgeter)
	switch {
	case !ok:
		return defaultPutMemory
	case size < 0 && u.stage.Internal():
		return b.PutMemory(UnknownSize)
	}
	return b.PutMemory(u.service.mostBytes(size))
}

// mostBytes is what a file of size bytes or of unknown length can have under
// the server's limit: what Put tells the store too.
func (s *Service) mostBytes(size int64) int64 {
	if s.maxFileSize > 0 && (size < 0 || size > s.maxFileSize) {
		return s.maxFileSize
	}
	return size
}

// UploadsWait tells whether uploads wait for memory that others hold, or gave
// up waiting not long ago: then nobody has a right to hold it for nothing.
func (s *Service) UploadsWait() bool {
	return s.admission.pressed() || s.shortRecords.pressed() || s.longRecords.pressed()
}

// Put stores one file. o.Limit may tell the store what else is known of its
// length, such as the length of the form around it. When Put returns nil, the
// file is durable and can be seen. A stage that was dropped meanwhile is
// CodeNotFound; the file is then gone from an internal stage. (It stays in the
// bucket of an external one: by then the bucket may be another stage's, and
// its files are not ours to delete.)
func (u *Upload) Put(ctx context.Context, key Key, r io.Reader, o PutOptions) (Object, error) {
	if max := u.service.maxFileSize; max > 0 {
		if o.Size > max {
			return Object{}, tooLarge(max)
		}
		if o.Limit == 0 || o.Limit > max {
			o.Limit = max
		}
	}
	obj, err := u.store.Put(ctx, key, r, o)
	if err != nil {
		return Object{}, err
	}
	return obj, u.confirm(ctx, key)
}

// confirm looks the stage up again after the object was published: the
// order, object first and look-up second, is what makes a file that lands
// while its stage is dropped either swept by the drop or found here.
func (u *Upload) confirm(ctx context.Context, key Key) error {
	_, err := u.service.catalog.StageByID(ctx, u.stage.ID)
	if err == nil {
		return nil
	}
	left := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterPut)
	defer cancel()
	if left {
		_, err = u.service.catalog.StageByID(ctx, u.stage.ID)
	}
	if CodeOf(err) != CodeNotFound {
		return err
	}
	if u.stage.Internal() {
		// What fails here is swept with the stage, which is not forgotten
		// while this upload is under way.
		if err := u.store.Delete(ctx, []Key{key}); err != nil {
			u.service.log.Warn("a file that landed in a dropped stage is left to the sweep",
				"stage_id", u.stage.ID.String(), "error", err)
		}
	}
	return Errorf(CodeNotFound, "the stage %q was dropped while the file was landing", u.stage.Name)
}

// The room for what listeners keep of uploads until they are answered, such as
// the names of a form's files: apart from the memory for files, so that who
// holds some of that never waits for more of it. Whoever has LongRecord has
// waited for all there is, so that all get on.
const (
	ShortRecord = 512 << 10 // bytes that an upload may keep after one Hold; 32 may
	LongRecord  = 12 << 20  // after a second one; one upload may at a time

	shortRecords = 32 * ShortRecord
	longRecords  = LongRecord * 4 / 3 // admission leaves a quarter to small ones
)

// Hold waits until the upload may keep record bytes, ShortRecord or, holding
// that, LongRecord, until it releases them, which may be after Close.
func (u *Upload) Hold(ctx context.Context, record int64) (release func(), err error) {
	room := u.service.shortRecords
	if record > ShortRecord {
		room = u.service.longRecords
	}
	held, err := room.acquire(ctx, record)
	if err != nil {
		return nil, err
	}
	return held.release, nil
}

// Close ends the upload. It must be called once.
func (u *Upload) Close() {
	u.held.release()
	u.service.endLanding(u.stage.ID)
}

func tooLarge(limit int64) error {
	return Errorf(CodeTooLarge, "the file is larger than the %d bytes that this server takes", limit)
}

// startLanding looks the stage up and counts the upload as under way, in one
// step as a sweep sees it.
func (s *Service) startLanding(ctx context.Context, p Principal, name StageName) (*Upload, error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	st, err := s.resolve(ctx, p, name)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.landing[st.ID]++
	s.mu.Unlock()
	return &Upload{service: s, stage: st}, nil
}

func (s *Service) endLanding(id StageID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.landing[id]--; s.landing[id] == 0 {
		delete(s.landing, id)
		s.kickSweep()
	}
}

func (s *Service) isLanding(id StageID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.landing[id] > 0
}
