// Package cache keeps bytes of remote objects on this machine's disk, for an
// engine that opens files itself.
//
// [Cache.Local] opens an object as a [wharf.PartialFile]: a file of the object's
// length, into which ranges are fetched as they are asked for. An object is
// known by its place (endpoint, bucket and key), its ETag and its size, so that
// another version is another file.
//
// Invariants:
//
//   - The asker's own store is asked for the object at each opening, so that
//     only those who may read it reach its bytes. Where the answer does not prove
//     the right to the bytes, one of them is fetched.
//   - A byte is handed out after it came with If-Match of the version, or after
//     its block's checksum was found right in this process. What an earlier
//     process left is verified before it is used.
//   - One request fetches a block for all that wait for it. If the one who
//     fetches gives up or fails, the others fetch the rest.
//   - The cache holds at most Options.Size bytes and the files in use. It removes
//     the least recently used first.
//   - Nothing is synced. After a crash, blocks whose checksums are wrong are
//     fetched again, and the next Open removes files that belong to no object.
//
// The layout on disk is in DESIGN.md.
package cache
