package storagetest

import (
	"context"
	"io"
	"strings"
	"testing"

	"wharf"
	"wharf/storage/memory"
)

func TestFaultyFailsOnRequest(t *testing.T) {
	ctx := t.Context()
	fault := wharf.Errorf(wharf.CodeNoSpace, "full")
	fail := func(context.Context, wharf.Key) error { return fault }
	whole := memory.New()
	f := &FaultyClearer{Faulty: &Faulty{Store: whole}}
	put := func() error {
		_, err := f.Put(ctx, "k", strings.NewReader("0123456789"), wharf.PutOptions{Size: 10})
		return err
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{
		"Put":    func() error { f.BeforePut = fail; return put() },
		"Body":   func() error { f.BeforePut = nil; f.Body = failBody(fault); return put() },
		"Open":   func() error { f.BeforeOpen = fail; _, err := f.Open(ctx, "k"); f.BeforeOpen = nil; return err },
		"Stat":   func() error { f.BeforeStat = fail; _, err := f.Stat(ctx, "k"); return err },
		"Delete": func() error { f.BeforeDelete = failKeys(fault); return f.Delete(ctx, []wharf.Key{"k"}) },
		"Clear":  func() error { f.BeforeClear = func(context.Context) error { return fault }; return f.Clear(ctx) },
		"List": func() error {
			f.BeforeObject = func(context.Context, wharf.Object) error { return fault }
			_, err := drain(f.List(ctx, wharf.ListOptions{}))
			f.BeforeObject = nil
			return err
		},
		"AfterList": func() error {
			f.AfterList = func(context.Context) error { return fault }
			_, err := drain(f.List(ctx, wharf.ListOptions{}))
			return err
		},
		"Content": func() error {
			f.BeforeRange, f.Content = nil, failBody(fault)
			_, err := ReadAll(ctx, f, "k")
			return err
		},
		"Range": func() error {
			f.BeforeRange = func(context.Context, wharf.Key, int64, int64) error { return fault }
			_, err := ReadAll(ctx, f, "k")
			return err
		},
	}
	for name, call := range calls {
		if err := call(); wharf.CodeOf(err) != wharf.CodeNoSpace {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := ReadAll(ctx, whole, "k"); err != nil || string(got) != "0123456789" {
		t.Errorf("the store beneath has %q, %v", got, err)
	}
}

func failKeys(err error) func(context.Context, []wharf.Key) error {
	return func(context.Context, []wharf.Key) error { return err }
}

func failBody(err error) func(context.Context, wharf.Key, io.Reader) io.Reader {
	return func(_ context.Context, _ wharf.Key, r io.Reader) io.Reader { return FailReader(r, 5, err) }
}

func TestGateHoldsAPut(t *testing.T) {
	gate := NewGate()
	store := memory.New()
	stored := make(chan wharf.Object, 1)
	f := &Faulty{
		Store: store,
		Body: func(ctx context.Context, _ wharf.Key, r io.Reader) io.Reader {
			return gate.Reader(ctx, r, 4)
		},
		AfterPut: func(_ context.Context, o wharf.Object) { stored <- o },
	}
	done := make(chan error, 1)
	go func() {
		_, err := f.Put(t.Context(), "k", strings.NewReader("0123456789"), wharf.PutOptions{Size: 10})
		done <- err
	}()
	<-gate.Arrived()
	if _, err := store.Stat(t.Context(), "k"); wharf.CodeOf(err) != wharf.CodeNotFound {
		t.Errorf("half a Put can be seen: %v", err)
	}
	gate.Open()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if o := <-stored; o.Size != 10 {
		t.Errorf("AfterPut sees %+v", o)
	}
	shut, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewGate().Wait(shut); wharf.CodeOf(err) != wharf.CodeCanceled {
		t.Errorf("Wait at a shut gate with a context that ended: %v", err)
	}
}
