package storagetest

import (
	"context"
	"io"
	"time"

	"wharf"
	"wharf/storage/memory"
)

func quotaBreaks() []storeBreak {
	return []storeBreak{
		{what: "ignores quotas", found: "quota/files quota/bytes quota/lowered quota/concurrent-files quota/concurrent-bytes",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				o.Quota = wharf.Quota{}
				return s.Put(ctx, key, r, o)
			})},
		{what: "asks for its usage before it stores", found: "quota/concurrent-files",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				if err := refuseAdding(s, ctx, o); err != nil {
					return wharf.Object{}, err
				}
				time.Sleep(time.Millisecond)
				return s.Put(ctx, key, r, wharf.PutOptions{Size: o.Size})
			})},
		{what: "counts what it replaces", found: "quota/files quota/bytes quota/lowered",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				if err := refuseAdding(s, ctx, o); err != nil {
					return wharf.Object{}, err
				}
				return s.Put(ctx, key, r, o)
			})},
		{what: "shows by its quota what is there", found: "quota/unseen",
			make: withPut(func(s *memory.Store, ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
				o.Unseen = false
				return s.Put(ctx, key, r, o)
			})},
		{what: "counts what it refused", found: "quota/usage", make: func(s *memory.Store) wharf.Store { return &tally{Store: s} }},
		{what: "batches beyond quotas", found: "quota/batch", make: func(s *memory.Store) wharf.Store { return freeBatch{oneByOne{s}} }},
	}
}

// refuseAdding holds to the quota as if no object had the key.
func refuseAdding(s *memory.Store, ctx context.Context, o wharf.PutOptions) error {
	before, err := s.Usage(ctx)
	if err != nil {
		return err
	}
	return o.Quota.Check(before, wharf.Usage{Files: before.Files + 1, Bytes: before.Bytes + max(o.Size, 0)})
}

// tally is a store that counts the Puts, not the objects.
type tally struct {
	*memory.Store
	puts int64
}

func (t *tally) Put(ctx context.Context, key wharf.Key, r io.Reader, o wharf.PutOptions) (wharf.Object, error) {
	t.puts++
	return t.Store.Put(ctx, key, r, o)
}

func (t *tally) Usage(ctx context.Context) (wharf.Usage, error) {
	u, err := t.Store.Usage(ctx)
	return wharf.Usage{Files: t.puts, Bytes: u.Bytes}, err
}

// freeBatch is a Batcher without quotas.
type freeBatch struct{ oneByOne }

func (f freeBatch) PutAll(ctx context.Context, files []wharf.NewFile) ([]wharf.Object, error) {
	for i := range files {
		files[i].Options.Quota = wharf.Quota{}
	}
	return f.oneByOne.PutAll(ctx, files)
}

// faultyMeter is a Faulty whose Store is a Meter.
type faultyMeter struct{ *FaultyClearer }

func (f faultyMeter) Usage(ctx context.Context) (wharf.Usage, error) {
	return f.Store.(wharf.Meter).Usage(ctx)
}
