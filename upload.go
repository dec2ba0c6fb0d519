package wharf

import (
	"context"
	"io"
	"slices"
	"time"
)

// defaultPutMemory is the memory that an upload counts for, in bytes, if its
// store is no Budgeter.
const defaultPutMemory = 1 << 20

// listenerMemory is what the listener holds for an upload besides its store:
// the buffer that it reads into, the connection's own, and their goroutine.
const listenerMemory = 320 << 10

// afterPut bounds what is done for an upload after its client left.
const afterPut = 30 * time.Second

// Upload is the right to put files into one stage: the stage exists, the
// principal may write to it, and memory for one file at a time is reserved.
// Close releases it. An Upload is for one goroutine.
type Upload struct {
	service *Service
	stage   *Stage // shared
	reads   bool   // the principal may learn what is in the stage
	store   Store
	held    reservation
}

// BeginUpload checks stage and privilege, before any byte is read, and waits
// for memory. size is the most bytes that one of the files can have, or
// UnknownSize: the memory depends on it. CodeUnavailable if there is none
// within the wait.
func (s *Service) BeginUpload(ctx context.Context, p Principal, name StageName, size int64) (*Upload, error) {
	u, err := s.beginInflight(ctx, p, name)
	if err != nil {
		return nil, err
	}
	if u.reads, err = s.mayRead(ctx, p, u.stage); err == nil {
		u.store, err = s.open(ctx, u.stage)
	}
	if err != nil {
		s.endInflight(u.stage.ID)
		return nil, err
	}
	u.held, err = s.uploads.acquireFor(ctx, p.holder(), max(u.memory(size)+listenerMemory, s.leastUpload))
	if err != nil {
		s.endInflight(u.stage.ID)
		return nil, err
	}
	return u, nil
}

// memory returns the bytes that a Put of size bytes, or UnknownSize, counts for.
// An internal stage holds more as more bytes come. Other stores choose the size
// of their parts by the most that may come.
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

// mostBytes returns the most bytes that a file of size bytes, or UnknownSize,
// can have under the server's limit. Put gives the store the same limit.
func (s *Service) mostBytes(size int64) int64 {
	if s.maxFileSize > 0 && (size < 0 || size > s.maxFileSize) {
		return s.maxFileSize
	}
	return size
}

// UploadsWait reports whether uploads wait for memory that others hold, or gave
// up within the last wait: then an upload that makes no progress should end.
func (s *Service) UploadsWait() bool {
	return s.uploads.pressed()
}

// Put stores one file. o.Limit bounds its length, for example by the length of
// the form around it. When Put returns nil, the file is durable and visible. A
// stage that was dropped meanwhile is CodeNotFound; the file is then gone from
// an internal stage. It stays in the bucket of an external one, because the
// bucket may be another stage's by then.
func (u *Upload) Put(ctx context.Context, key Key, r io.Reader, o PutOptions) (Object, error) {
	o, err := u.limited(o)
	if err != nil {
		return Object{}, err
	}
	if r, err = u.fits(ctx, key, r, o); err != nil {
		return Object{}, err
	}
	obj, err := u.store.Put(ctx, key, r, o)
	if err != nil {
		return Object{}, err
	}
	return obj, u.confirm(ctx, key)
}

// limited gives o the server's limit and the stage's quota.
func (u *Upload) limited(o PutOptions) (PutOptions, error) {
	o.Quota, o.Unseen = u.service.QuotaOf(u.stage), !u.reads
	if o.IfAbsent && !u.reads {
		return o, Errorf(CodeDenied, "READ on the stage %q is needed for an upload that depends on whether the file exists", u.stage.Name)
	}
	if max := u.service.maxFileSize; max > 0 {
		if o.Size > max {
			return o, tooLarge(max)
		}
		if o.Limit == 0 || o.Limit > max {
			o.Limit = max
		}
	}
	return o, nil
}

// PutAll stores several files, one after the other. On a stage whose store is a
// [Batcher], as an internal one's is, all of them appear at once or none does.
// Elsewhere readers may see some before the others; if one fails, those before
// it are removed.
func (u *Upload) PutAll(ctx context.Context, files []NewFile) error {
	files = slices.Clone(files)
	for i := range files {
		var err error
		if files[i].Options, err = u.limited(files[i].Options); err != nil {
			return err
		}
	}
	keys := make([]Key, len(files))
	for i, f := range files {
		keys[i] = f.Key
	}
	if b, ok := u.store.(Batcher); ok {
		if _, err := b.PutAll(ctx, files); err != nil {
			return err
		}
		return u.confirm(ctx, keys...)
	}
	for i, f := range files {
		if err := u.putFile(ctx, f); err != nil {
			undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterPut)
			defer cancel()
			if left := u.store.Delete(undo, keys[:i]); left != nil {
				u.service.log.Error("the files before one that failed were not removed", "stage", u.stage.Name, "keys", keys[:i], "error", left)
			}
			return err
		}
	}
	return u.confirm(ctx, keys...)
}

func (u *Upload) putFile(ctx context.Context, f NewFile) error {
	body, err := f.Open()
	if err != nil {
		return WrapError(CodeInternal, "wharf.PutAll", "", err)
	}
	defer body.Close()
	_, err = u.store.Put(ctx, f.Key, body, f.Options)
	return err
}

// confirm looks the stage up again after the object was published. Because of
// this order, a file that is stored while its stage is dropped is either swept
// with the stage or deleted here.
func (u *Upload) confirm(ctx context.Context, keys ...Key) error {
	if _, err := u.service.stages.SharedStageByID(ctx, u.stage.ID); err != nil {
		return u.unconfirmed(ctx, err, slices.Clone(keys)) // which lets keys be on the stack
	}
	return nil
}

// unconfirmed is confirm for a stage that was not found, because of err.
func (u *Upload) unconfirmed(ctx context.Context, err error, keys []Key) error {
	left := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterPut)
	defer cancel()
	if left {
		_, err = u.service.stages.SharedStageByID(ctx, u.stage.ID)
	}
	if CodeOf(err) != CodeNotFound {
		return err
	}
	if u.stage.Internal() {
		// If Delete fails, the file is swept with the stage, which is not
		// forgotten while this upload is in flight.
		if err := u.store.Delete(ctx, keys); err != nil {
			u.service.log.Warn("the file of an upload to a dropped stage is left to the sweep",
				"stage_id", u.stage.ID.String(), "error", err)
		}
	}
	return Errorf(CodeNotFound, "the stage %q was dropped during the upload", u.stage.Name)
}

// Close ends the upload. It must be called once.
func (u *Upload) Close() {
	u.held.release()
	u.service.endInflight(u.stage.ID)
}

func tooLarge(limit int64) error {
	return Errorf(CodeTooLarge, "the file is larger than the %d bytes that this server takes", limit)
}

// beginInflight looks the stage up and counts the upload as in flight, in one
// step as a sweep sees it.
func (s *Service) beginInflight(ctx context.Context, p Principal, name StageName) (*Upload, error) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	st, err := s.resolve(ctx, p, name, PrivilegeWrite)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.inflight[st.ID]++
	s.mu.Unlock()
	return &Upload{service: s, stage: st}, nil
}

func (s *Service) endInflight(id StageID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inflight[id]--; s.inflight[id] == 0 {
		delete(s.inflight, id)
		s.kickSweep()
	}
}

func (s *Service) isInflight(id StageID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inflight[id] > 0
}
