package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"wharf"
)

// settle finds out what became of a request that publishes and whose answer
// was lost, or that was sent again after the server had said that it failed:
// a refusal, that there is no such upload or that the file exists, may then
// come of the earlier attempt's success. Under If-None-Match a lost answer is
// no rarity: a server may refuse early and close the connection on a body that
// it did not read. The object that is there now is this upload's if it has its
// ETag, else another's. Where that cannot be told, err stays.
func (u *upload) settle(ctx context.Context, err error, failed bool, etag string) (wharf.Object, error) {
	if statusOf(err) != 0 && !failed || ctx.Err() != nil || etag == "" {
		return wharf.Object{}, err
	}
	key := wharf.Key(strings.TrimPrefix(aws.ToString(u.key), u.s.t.prefix))
	o, statErr := u.s.stat(ctx, "s3.Put", key)
	switch {
	case statErr != nil:
		return wharf.Object{}, err
	case o.ETag == etag && o.Size == u.body.Len():
		return o, nil
	case u.ifAbsent:
		return wharf.Object{}, u.s.exists("s3.Put", key, u.s.t.scrub(err))
	}
	return wharf.Object{}, err
}

// etagOfBody is the ETag of an object in one part.
func etagOfBody(data []byte) string {
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

// etagOfParts is the ETag that S3 gives to an object in parts: the MD5 of
// their MD5s, and their number. It is "" where a part's ETag is no MD5.
func etagOfParts(parts []types.CompletedPart) string {
	all := md5.New()
	for _, p := range parts {
		sum, err := hex.DecodeString(trimETag(p.ETag))
		if err != nil || len(sum) != md5.Size {
			return ""
		}
		all.Write(sum)
	}
	return fmt.Sprintf("%x-%d", all.Sum(nil), len(parts))
}
