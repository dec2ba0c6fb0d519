// Package s3 holds the files of external stages in buckets of S3 or of
// servers that speak its protocol.
//
// A [Backend] has the server's settings and opens a [Store] for a stage whose
// URL is s3://bucket/path/. An object's key in the bucket is the stage's path
// followed by the file's [wharf.Key].
//
// Invariants:
//
//   - A Put publishes with one request, after the whole body was read and its
//     length was found right. A multipart upload that comes to nothing is
//     aborted, also when the caller's context has ended.
//   - A Put holds at most what PutMemory says: its own length, or
//     Options.Concurrency parts. Parts are 8 MiB, or as large as the declared
//     length or the limit needs so that there are 10,000 at most; a body of
//     which neither is known may therefore have 78 GiB. Of larger parts fewer
//     are held, but two: 1 GiB for the 5 TiB that S3 takes.
//   - A file that is open is one version: each range names the ETag.
//   - Every request ends: making a connection, waiting while less than 1 KiB a
//     second moves, an answer that is no object's bytes as a whole, and the
//     number of attempts are bounded.
//   - An answer is believed for the element or the header that proves it, and
//     one without a body only after the server has answered a list as S3 does.
//     Else the error says that the server does not answer as S3 does.
//   - An answer holds little: 16 MiB of a page and 1 MiB of an error are read,
//     through a scan that bounds depth, elements and the length of each value,
//     and 64 KiB of headers.
//   - No request goes to this server itself, and each has wharf.HopHeader.
//   - Neither messages nor causes hold keys, tokens, signatures or the query
//     strings of URLs, and requests follow no redirect.
//   - The server's own credentials sign requests only if Options say so, and
//     only to the server's own endpoint, never to one that a stage names.
//
// What it cannot do. An answer that is lost on the way back leaves it open
// whether the object was published; Put then gives an error although the
// object may be there. A file that is read whole is compared with its MD5 where
// that is known; other ranges are guarded by the connection alone. List gives no MD5, because a
// list does not tell whether an ETag is one. IfAbsent is atomic where the
// server honours If-None-Match; elsewhere it is a look before the Put.
//
// A server that is killed leaves the parts of its uploads in the bucket. When
// a stage's store is opened, unfinished uploads below its path that are older
// than [Options.SweepAge] are given up in the background, but for those of this
// process: another server's upload that takes longer is lost. A bucket that is
// not opened again needs a lifecycle rule of its own:
//
//	{"Rules": [{"ID": "unfinished uploads", "Status": "Enabled", "Filter": {"Prefix": ""},
//	  "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}]}
//
// Parts are sent by this package and not by the SDK's transfer manager, which
// cannot share its buffers: it allocates Concurrency+1 parts anew for each
// upload, besides a first one that it grows by copying. BenchmarkManyUploads,
// 64 uploads of 64 MiB with 4 admitted at a time and 4 parts of 8 MiB each,
// takes 173 MiB from the system here and 305 to 349 MiB with the manager;
// BenchmarkUpload finds both equally fast, and this one at 0.9 of its CPU time.
package s3
