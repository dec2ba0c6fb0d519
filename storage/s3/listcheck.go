package s3

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	maxEntries = 1000 // of a page: S3's limit
	// maxEmptyPages is how many pages in a row may be empty although the list
	// goes on: servers that filter entries have some.
	maxEmptyPages = 100
)

// pageCheck follows the pages of one list, and refuses a list that would be
// short, endless or not what was asked for.
type pageCheck struct {
	prefix  string
	last    string // the greatest key of the pages before
	token   string // that led to this page
	empty   int    // pages in a row
	mangled bool   // the order of the keys cannot be told
}

// check judges a page, and puts its entries in order of key where they are not:
// some servers sort them as a file system does.
func (c *pageCheck) check(page *s3.ListObjectsV2Output) error {
	if len(page.CommonPrefixes) > 0 {
		return notS3Answer("the list has folders in the place of the files below them, which were asked for")
	}
	if len(page.Contents) > maxEntries {
		return notS3Answer("a page of the list has %d entries, more than the %d that were asked for", len(page.Contents), maxEntries)
	}
	entries := make([]entry, len(page.Contents))
	for i, o := range page.Contents {
		entries[i] = entry{plainKey(&o, page.EncodingType), o}
		if err := c.entry(&entries[i]); err != nil {
			return err
		}
		// A server that does not encode keys writes others than they are.
		c.mangled = c.mangled || page.EncodingType == "" && strings.Contains(entries[i].key, mangled)
	}
	if err := c.order(entries); err != nil {
		return err
	}
	for i := range entries {
		page.Contents[i] = entries[i].Object
	}
	if !goesOn(page) {
		return nil
	}
	return c.next(aws.ToString(page.NextContinuationToken), len(entries))
}

// goesOn reports whether there are more pages. A server that does not tell
// whether a list ends, and tells where it goes on, has more.
func goesOn(page *s3.ListObjectsV2Output) bool {
	if page.IsTruncated == nil {
		return aws.ToString(page.NextContinuationToken) != ""
	}
	return *page.IsTruncated
}

// entry is one of a page, and its key as it is in the bucket.
type entry struct {
	key string
	types.Object
}

func plainKey(o *types.Object, enc types.EncodingType) string {
	key := aws.ToString(o.Key)
	if enc == types.EncodingTypeUrl {
		if plain, err := url.QueryUnescape(key); err == nil {
			return plain
		}
	}
	return key
}

// entry looks at the place and the size of an entry.
func (c *pageCheck) entry(e *entry) error {
	size := aws.ToInt64(e.Size)
	switch {
	case e.key == "":
		return notS3Answer("the list has an entry without a key")
	case !strings.HasPrefix(e.key, c.prefix) && !strings.ContainsAny(c.prefix, noXML):
		return notS3Answer("the list has a key that does not start with what was asked for")
	case size < 0 || size > maxListedSize:
		return notS3Answer("the list has a file of %d bytes", size)
	case len(aws.ToString(e.ETag)) > maxETag:
		return notS3Answer("the list has an ETag of %d bytes", len(aws.ToString(e.ETag)))
	}
	return nil
}

// order sorts the entries and refuses a page that is not after the one before,
// or that has a key twice.
func (c *pageCheck) order(entries []entry) error {
	byKey := func(a, b entry) int { return strings.Compare(a.key, b.key) }
	if !slices.IsSortedFunc(entries, byKey) {
		slices.SortStableFunc(entries, byKey)
	}
	for i := range entries {
		key := entries[i].key
		switch {
		case c.mangled || key > c.last:
		case i == 0:
			return notS3Answer("the list goes on with keys that it had, or is not in their order")
		default:
			return notS3Answer("the list has a key twice")
		}
		c.last = key
	}
	return nil
}

// next looks at where a list goes on.
func (c *pageCheck) next(token string, entries int) error {
	if c.empty++; entries > 0 {
		c.empty = 0
	}
	switch {
	case token == "":
		return notS3Answer("the list goes on, but does not tell where")
	case token == c.token:
		return notS3Answer("the list repeats a page")
	case len(token) > maxToken:
		return notS3Answer("the list goes on at a token of %d bytes", len(token))
	case c.empty > maxEmptyPages:
		return notS3Answer("the list has more than %d empty pages in a row", maxEmptyPages)
	}
	c.token = token
	return nil
}
