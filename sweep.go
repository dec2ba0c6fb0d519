package wharf

import (
	"context"
	"errors"
	"time"
)

// sweepRetry is how long a sweep that failed waits before the next try.
const sweepRetry = 10 * time.Second

// Run removes the files of dropped stages until ctx ends: of those that an
// earlier process left, at once, and of others as they are dropped. It returns
// nil.
func (s *Service) Run(ctx context.Context) error {
	s.kickSweep()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.sweep:
		}
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("the files of dropped stages could not be removed", "error", err)
			time.AfterFunc(sweepRetry, s.kickSweep)
		}
	}
}

// Sweep removes the files of the dropped stages that have no upload in flight.
// It tries all of them, and joins their errors.
func (s *Service) Sweep(ctx context.Context) error {
	dropped, err := s.catalog.DroppedStages(ctx)
	if err != nil {
		return err
	}
	// An upload that looked up one of these stages before it was dropped is in
	// inflight once this lock can be taken.
	s.gate.Lock()
	s.gate.Unlock() //lint:ignore SA2001 a barrier, not a critical section
	var errs []error
	for _, st := range dropped {
		if s.isInflight(st.ID) {
			continue // the end of that upload asks for the next sweep
		}
		errs = append(errs, s.sweepStage(ctx, st))
	}
	return errors.Join(errs...)
}

func (s *Service) sweepStage(ctx context.Context, st Stage) error {
	store, err := s.opener.Open(ctx, &st)
	if err != nil {
		return err
	}
	if err := clearStore(ctx, store); err != nil {
		return err
	}
	for _, err := range store.List(ctx, ListOptions{KeysOnly: true}) {
		if err == nil {
			err = Errorf(CodeInternal, "stage %s is not empty after its sweep", st.ID)
		}
		return err
	}
	return s.catalog.ForgetDropped(ctx, st.ID)
}

func clearStore(ctx context.Context, store Store) error {
	if c, ok := store.(Clearer); ok {
		return c.Clear(ctx)
	}
	batch := newRemoval(store)
	for obj, err := range store.List(ctx, ListOptions{KeysOnly: true}) {
		if err != nil {
			return err
		}
		if batch.add(obj.Key) {
			if err := batch.flush(ctx, nil); err != nil {
				return err
			}
		}
	}
	return batch.flush(ctx, nil)
}

// kickSweep asks for a sweep; one is enough for any number of calls.
func (s *Service) kickSweep() {
	select {
	case s.sweep <- struct{}{}:
	default:
	}
}
