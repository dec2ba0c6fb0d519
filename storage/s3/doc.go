// Package s3 is a [wharf.Store] of external stages on S3 and S3-compatible
// servers. What is particular to S3's protocol belongs here.
//
// A [Backend] has the server's settings and opens a [Store] for a stage whose
// URL is s3://bucket/path/. An object's key in the bucket is the stage's path
// followed by the file's [wharf.Key].
//
// Invariants:
//
//   - A Put publishes with one request, after the whole body was read and its
//     length was verified. A failed multipart upload is aborted, also when the
//     caller's context has ended.
//   - A Put holds at most what PutMemory says: its own length, or
//     Options.Concurrency parts. Parts are 8 MiB, or larger where the declared
//     length or the limit needs more than 10,000 of them. So a body without
//     either can have 78 GiB. Of larger parts fewer are held, and at least two:
//     1 GiB for the 5 TiB that S3 allows.
//   - An open File is one version: each range has If-Match with the ETag.
//   - Every request ends. Bounded are the time to connect, the time with less
//     than 1 KiB/s of progress, the time of a whole answer other than an
//     object's bytes, and the number of attempts.
//   - An answer is accepted only with the element or header that proves it, and
//     one without a body only after the server has answered a list as S3 does.
//     Otherwise the error says that the server does not answer as S3 does.
//   - The memory of an answer is bounded: 16 MiB of a page, 1 MiB of an error
//     and 64 KiB of headers are read, through a scan that bounds depth, elements
//     and the length of each value.
//   - No request goes to this server itself, and each has wharf.HopHeader. None
//     goes to a loopback, private or link-local address that is not listed, by
//     whatever name, form or redirect. What is refused answers in the time and
//     the words of a port that is closed and of a name that does not exist.
//   - No message and no cause has keys, tokens, signatures or query strings of
//     URLs. Requests follow no redirects.
//   - The server's own credentials sign requests only if Options say so, and
//     only to the server's own endpoint, never to one that a stage names.
//
// Limitations: If the answer to the publishing request is lost, it may be
// unknown whether the object was published. Put then returns an error although
// the object may exist. A file that is read whole is compared with its MD5 if
// that is known; other ranges have no checksum. List returns no MD5, because a
// list does not say whether an ETag is an MD5. IfAbsent is atomic if the server
// supports If-None-Match; otherwise it is a check before the Put.
//
// A killed server leaves the parts of its uploads in the bucket. When a stage's
// store is opened, the backend aborts, in the background, unfinished multipart
// uploads below its path that are older than [Options.SweepAge], except those
// of this process. An upload of another server that takes longer is lost. A
// bucket that is not opened again needs a lifecycle rule:
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
