package httpapi

import (
	"net/http"
	"strings"
	"time"

	"wharf"
)

// checkConditions holds a GET or HEAD to its If- headers, in the order of RFC
// 9110, section 13.2.2. It returns 304, 412, or 0 to go on.
func checkConditions(r *http.Request, obj wharf.Object) int {
	tag := entityTag(obj)
	if match := headerValue(r.Header, "If-Match"); match != "" {
		if !matchesTag(match, tag, false) {
			return http.StatusPreconditionFailed
		}
	} else if t, ok := httpTime(r.Header.Get("If-Unmodified-Since")); ok && changedSince(obj, t) {
		return http.StatusPreconditionFailed
	}
	if none := headerValue(r.Header, "If-None-Match"); none != "" {
		if matchesTag(none, tag, true) {
			return http.StatusNotModified
		}
	} else if t, ok := httpTime(r.Header.Get("If-Modified-Since")); ok && !changedSince(obj, t) {
		return http.StatusNotModified
	}
	return 0
}

// matchesTag reports whether a list of entity tags holds tag. Our tags are
// strong; a weak one in the list counts only where weak is enough.
func matchesTag(list, tag string, weak bool) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = trimBlanks(item)
		if weak {
			item = strings.TrimPrefix(item, "W/")
		}
		if item == "*" || item == tag {
			return true
		}
	}
	return false
}

// rangeHolds reports whether If-Range allows to send a part: only of the version
// that the client has already.
func rangeHolds(r *http.Request, obj wharf.Object) bool {
	cond := r.Header.Get("If-Range")
	if cond == "" || cond == entityTag(obj) {
		return true
	}
	t, ok := httpTime(cond)
	return ok && t.Equal(obj.ModTime.UTC().Truncate(time.Second))
}

func httpTime(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, false // the usual case, and an error costs much
	}
	t, err := http.ParseTime(s)
	return t, err == nil
}

// changedSince compares whole seconds, which is all that HTTP can say.
func changedSince(obj wharf.Object, t time.Time) bool {
	return obj.ModTime.Truncate(time.Second).After(t)
}
