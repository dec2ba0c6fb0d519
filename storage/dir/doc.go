// Package dir is a [wharf.Store] over a folder of the server's machine, for
// fs:// stages. The files are plain files: what other programs put into the
// folder is in the stage, and what is uploaded is there for them.
//
// Invariants:
//
//   - Nothing outside the stage's folder is read or changed, whatever a key,
//     a prefix or a symbolic link says: every access goes through an
//     [os.Root], which refuses what leads out of it.
//   - Only folders below those that the server's settings allow can be a
//     stage's. Check looks at the URL alone.
//   - A file is written aside, in the folder .wharf-uploads of the stage, made
//     durable, and then put in its place by one rename (by one link, where no
//     file may have the name), so that it is seen whole or not at all. A
//     path with a folder of that name, at any depth or behind a symbolic
//     link, is no key and no stage's: a stage below this one has its uploads
//     there.
//   - A file aside is locked (flock) while it is written. The first Put or
//     Delete of a Store removes those that nobody holds, and so those of a
//     server that was killed; also while other servers of the machine write
//     to the folder.
//   - Put returns when the file, its name, and all folders above it up to the
//     stage's are durable.
//   - No file descriptor outlives a call, but those of open Files. A folder
//     that is taken away and put back, or mounted later, is found again.
//
// What a file system cannot do, this store cannot: a file and a folder cannot
// have one name, "a//b" is no key, no part of a key is longer than 255 bytes.
// A version is told by inode, time and length. Nobody keeps a checksum of the
// files, so that damage is not noticed, and their MD5 is not known; a file
// that another program changes while it is read fails the reader, it does not
// mix versions as far as the file's time and length show.
//
// Symbolic links that stay in the folder work; links to folders are followed
// by name, but not walked by List, which could go round in circles. Devices,
// pipes and sockets are not there, nor are files whose names are no keys.
// Folders that became empty stay: other programs may wait for them.
//
// Where making the folder's entry durable fails after the rename, Put tells
// of the failure, and the new file is there all the same until the power is
// lost.
//
// Files without a name (O_TMPFILE) would need no tidying. They are not used
// because network and FUSE file systems lack them, so that the other way would
// be needed all the same, and because replacing a file takes a name aside
// anyway. Between the making of a file and its lock, a tidy may take it away:
// the upload sees that and makes another. Where a file system has no locks, a
// file aside is removed when it is a day old; where its locks do not reach
// other machines, a server that starts there fails the uploads that others
// have under way, and nothing else.
package dir
