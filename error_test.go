package wharf_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"testing"

	"wharf"
)

func TestCodesAreAllDifferent(t *testing.T) {
	codes := wharf.Codes()
	slices.Sort(codes)
	if len(slices.Compact(codes)) != len(wharf.Codes()) {
		t.Fatal("a code is there twice")
	}
}

func TestErrors(t *testing.T) {
	disk := &fs.PathError{Op: "open", Path: "/secret/place", Err: fs.ErrPermission}
	inner := wharf.Errorf(wharf.CodeNoSpace, "full")
	for _, c := range []struct {
		err  error
		code wharf.Code
		msg  string // "" is whatever the code's own is
	}{
		{nil, "", ""},
		{disk, wharf.CodeInternal, ""},
		{fmt.Errorf("x: %w", inner), wharf.CodeNoSpace, "full"},
		{wharf.WrapError(wharf.CodeUpstream, "op", "the store failed", disk), wharf.CodeUpstream, "the store failed"},
		{wharf.WrapError(wharf.CodeUpstream, "op", "the store failed", inner), wharf.CodeNoSpace, "full"},
		{wharf.WrapError(wharf.CodeUpstream, "op", "the store failed", context.Canceled), wharf.CodeCanceled, ""},
		{wharf.WrapError(wharf.CodeUpstream, "op", "m", fmt.Errorf("x: %w", context.DeadlineExceeded)), wharf.CodeTimeout, ""},
		{context.Canceled, wharf.CodeCanceled, ""},
		{context.DeadlineExceeded, wharf.CodeTimeout, ""},
	} {
		if got := wharf.CodeOf(c.err); got != c.code {
			t.Errorf("%v: code %q, want %q", c.err, got, c.code)
		}
		if c.err == nil {
			continue
		}
		msg := wharf.MessageOf(c.err)
		if c.msg != "" && msg != c.msg || msg == "" || strings.Contains(msg, "/secret") {
			t.Errorf("%v: message %q, want %q", c.err, msg, c.msg)
		}
	}
	wrapped := wharf.WrapError(wharf.CodeInternal, "local.Put", "", disk)
	if !errors.Is(wrapped, fs.ErrPermission) || !strings.Contains(wrapped.Error(), "/secret/place") || !strings.Contains(wrapped.Error(), "local.Put") {
		t.Errorf("the log gets only %q", wrapped)
	}
	if wharf.WrapError(wharf.CodeInternal, "op", "m", nil) != nil {
		t.Error("an error was made of nothing")
	}
}

func TestAWrappedErrorSaysItsMessageOnce(t *testing.T) {
	err := wharf.WrapError(wharf.CodeInternal, "meta.Stage", "", wharf.Errorf(wharf.CodeNotFound, "no stage"))
	err = wharf.WrapError(wharf.CodeInternal, "", "", err)
	if got, want := err.Error(), "meta.Stage: not_found: no stage"; got != want {
		t.Errorf("the log gets %q, want %q", got, want)
	}
}

func TestEveryCodeHasAMessage(t *testing.T) {
	for _, code := range wharf.Codes() {
		if wharf.MessageOf(&wharf.Error{Code: code}) == "" {
			t.Errorf("%s has none", code)
		}
	}
}

func TestDiskCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want wharf.Code
	}{
		{nil, ""},
		{syscall.ENOSPC, wharf.CodeNoSpace},
		{&fs.PathError{Op: "write", Path: "/x", Err: syscall.EDQUOT}, wharf.CodeNoSpace},
		{fmt.Errorf("x: %w", syscall.EFBIG), wharf.CodeNoSpace},
		{syscall.EMFILE, wharf.CodeUnavailable},
		{&fs.PathError{Op: "open", Path: "/x", Err: syscall.ENFILE}, wharf.CodeUnavailable},
		{syscall.EIO, wharf.CodeInternal},
		{fs.ErrPermission, wharf.CodeInternal},
	} {
		if got := wharf.DiskCode(c.err); got != c.want {
			t.Errorf("DiskCode(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}
