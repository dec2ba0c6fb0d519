package wharf

import "time"

// Object is what a Store knows of one file.
type Object struct {
	Key     Key
	Size    int64 // bytes
	ETag    string
	MD5     string // 32 hexadecimal digits, or "" while it is not known
	ModTime time.Time
}

// PutOptions says what is known of an object before its bytes arrive, and
// under which condition it may be stored.
type PutOptions struct {
	// Size is the length in bytes that the reader must have, or UnknownSize.
	Size int64
	// Limit is the most bytes that may be stored; 0 is no limit. A longer
	// reader fails the Put with CodeTooLarge.
	Limit int64
	// IfAbsent stores only where no object has the key; else the Put fails
	// with CodePrecondition.
	IfAbsent bool
}

// UnknownSize is the Size of a body whose length was not declared.
const UnknownSize = -1
