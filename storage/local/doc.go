// Package local keeps the files of internal stages on the server's own disk:
// found through an index, durable when a call returns, verified when read.
//
// An [Engine] owns one data folder; a [Store] is one stage's part of it. The
// index is a pebble database in index/. A small body lies in the index, in
// the commit that publishes it; a longer one is a file of its own in bodies/,
// named by a number and never by the user's key. DESIGN.md has the format
// byte by byte, the argument why a crash at any point is safe, and the
// figures behind each choice.
//
// Invariants:
//
//   - An object's record is committed after its body is on the disk, and a
//     call returns after that commit is on the disk. One sync serves all
//     calls that wait.
//   - A body's number is never used twice. A body file exists only while its
//     number is recorded as possibly in flight, as an object's, or as dead.
//   - What is read is verified: records by a checksum that covers their key,
//     bodies by one checksum per block.
//   - After a failed write or sync of the log, nothing is read or written any
//     more (see [Engine.Failed]).
//
// It does not know stages' names, does not limit how many uploads run, and
// does not share its folder with another process.
package local
