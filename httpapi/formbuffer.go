package httpapi

import "io"

// use takes n bytes that piece gave.
func (f *form) use(n int) {
	f.r += n
	f.data -= n
}

// need reads until the buffer holds n bytes.
func (f *form) need(n int) error {
	for f.w-f.r < n {
		if err := f.fill(); err != nil {
			return err
		}
	}
	return nil
}

// fill reads once more into the buffer. The end of the body is an error here:
// the form's own end comes before it.
func (f *form) fill() error {
	if f.r == f.w {
		f.r, f.w = 0, 0
	} else if f.r > 0 && len(f.buf)-f.w < len(f.buf)/4 {
		f.r, f.w = 0, copy(f.buf, f.buf[f.r:f.w])
	}
	n, err := f.read(f.buf[f.w:])
	f.w += n
	return err
}

// read reads from the source until it gives something.
func (f *form) read(p []byte) (int, error) {
	for range maxEmptyReads {
		if f.err != nil {
			return 0, f.cutOff()
		}
		n, err := f.src.Read(p)
		f.err = err
		if n > 0 {
			return n, nil
		}
	}
	f.err = io.ErrNoProgress
	return 0, f.err
}

func (f *form) cutOff() error {
	if f.err == io.EOF {
		return invalid("the form ends before its closing boundary")
	}
	return f.err
}
