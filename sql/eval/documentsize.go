package eval

import "strconv"

// The sizes of the binary form in which MySQL stores a document; see "Data Type
// Storage Requirements" of its manual and the comments of its json_binary.h.
const (
	jsonTypeBytes  = 1
	jsonLargest    = 1<<16 - 1 // of the small form of an array or object, in bytes
	smallOffset    = 2
	largeOffset    = 4
	keyLengthBytes = 2
	opaqueTime     = 1 + 1 + 8 // a date or time: its type, the length, the packed value
)

// jsonStorageSize is how many bytes MySQL stores a document in.
func jsonStorageSize(v any) Datum { return IntDatum(int64(jsonTypeBytes + jsonValueSize(v))) }

// jsonValueSize is the bytes of a value without its type.
func jsonValueSize(v any) int {
	switch v := v.(type) {
	case jsonNumber:
		return jsonNumberSize(v)
	case jsonExact:
		return jsonNumberSize(jsonNumber(v))
	case jsonUnsigned:
		return jsonNumberSize(jsonNumber(v))
	case jsonTemporal:
		return opaqueTime
	case string:
		return lengthBytes(len(v)) + len(v)
	case []any:
		values := make([]any, 0, len(v))
		values = append(values, v...)
		return containerSize(values, 0, 0)
	case map[string]any:
		values, keys := make([]any, 0, len(v)), 0
		for key, item := range v {
			values, keys = append(values, item), keys+len(key)
		}
		return containerSize(values, len(v), keys)
	}
	return 1 // true, false and null
}

// containerSize is the bytes of an array, or of an object with so many names of so
// many bytes: its head, an entry for each name and value, and what is not in an entry.
func containerSize(values []any, names, nameBytes int) int {
	sizes := make([]int, len(values))
	for i, v := range values {
		sizes[i] = jsonValueSize(v)
	}
	with := func(offset int) int {
		size := 2*offset + names*(offset+keyLengthBytes) + nameBytes + len(values)*(jsonTypeBytes+offset)
		for i, v := range values {
			if !isInline(v, sizes[i], offset) {
				size += sizes[i]
			}
		}
		return size
	}
	if small := with(smallOffset); small <= jsonLargest {
		return small
	}
	return with(largeOffset)
}

// isInline reports whether a value stands in the place of its offset: whole numbers
// that fit, and true, false and null.
func isInline(v any, size, offset int) bool {
	switch v.(type) {
	case jsonNumber, jsonExact, jsonUnsigned, bool, nil:
		return size <= offset
	}
	return false
}

func jsonNumberSize(n jsonNumber) int {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		switch {
		case i >= -1<<15 && i < 1<<16:
			return 2
		case i >= -1<<31 && i < 1<<32:
			return 4
		}
	}
	return 8
}

// lengthBytes is how many bytes the length of a string takes, seven bits in each.
func lengthBytes(n int) int {
	size := 1
	for n >>= 7; n > 0; n >>= 7 {
		size++
	}
	return size
}
