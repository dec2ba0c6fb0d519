package s3

import (
	"net/netip"
	"strings"

	"wharf"
)

// location is where a stage's files lie: in a bucket, under keys that start
// with prefix, which is empty or ends in '/'.
type location struct {
	bucket string
	prefix string
}

const wantURL = "an S3 stage's URL is written s3://bucket/path/"

// parseLocation reads a stage's URL. The path is taken as it is written:
// nothing is decoded. No message repeats a part of the URL that may hold a
// secret.
func parseLocation(url string) (location, error) {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || !strings.EqualFold(scheme, "s3") {
		return location{}, invalidURL("the stage's URL does not start with s3://")
	}
	bucket, path, slash := strings.Cut(rest, "/")
	switch {
	case strings.ContainsAny(bucket, "@:"):
		return location{}, invalidURL("the stage's URL holds credentials or a port; give keys and endpoint in CONNECTION")
	case strings.ContainsAny(rest, "?#"):
		return location{}, invalidURL("the stage's URL holds a query or a fragment ('?' or '#')")
	case bucket == "":
		return location{}, invalidURL("the stage's URL has no bucket")
	case !slash:
		return location{}, invalidURL("the stage's URL has no '/' at its end")
	}
	if err := checkBucket(bucket); err != nil {
		return location{}, err
	}
	return checkPrefix(bucket, path)
}

func checkPrefix(bucket, path string) (location, error) {
	if path != "" && !strings.HasSuffix(path, "/") {
		return location{}, invalidURL("the path of the stage's URL does not end in '/'")
	}
	if len(path) >= maxKey {
		return location{}, wharf.Errorf(wharf.CodeInvalid,
			"the path of the stage's URL is %d bytes long; S3 keys have %d at most, the file's name included", len(path), maxKey)
	}
	if strings.ContainsAny(path, noXML) {
		return location{}, wharf.Errorf(wharf.CodeInvalid, "the path of the stage's URL holds U+FFFE or U+FFFF, which S3's lists cannot carry")
	}
	prefix, err := wharf.ParseFolder(path)
	if err != nil {
		return location{}, invalidURL("the stage's URL is wrong: " + wharf.MessageOf(err))
	}
	return location{bucket, prefix}, nil
}

func invalidURL(why string) error {
	return wharf.Errorf(wharf.CodeInvalid, "%s; %s", why, wantURL)
}

// checkBucket holds the rules that S3 has for the names of buckets:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
func checkBucket(name string) error {
	bad := func(why string) error {
		return wharf.Errorf(wharf.CodeInvalid, "the bucket name %q %s", name, why)
	}
	if len(name) < 3 || len(name) > 63 {
		return bad("is not 3 to 63 bytes long")
	}
	for i := range len(name) {
		if !bucketByte(name[i]) {
			return bad("holds other than lower-case letters, digits, '-' and '.'")
		}
	}
	first, last := name[0], name[len(name)-1]
	switch {
	case strings.ContainsRune("-.", rune(first)), strings.ContainsRune("-.", rune(last)):
		return bad("does not start and end with a letter or a digit")
	case strings.Contains(name, ".."):
		return bad("holds two dots in a row")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return bad("is an IP address; give the endpoint in CONNECTION")
	}
	return nil
}

func bucketByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.'
}
