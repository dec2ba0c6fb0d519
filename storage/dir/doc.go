// Package dir is a [wharf.Store] over a folder of the server's machine, for
// fs:// stages. The files are plain files: what other programs put into the
// folder is in the stage, and other programs find what is uploaded there.
//
// How a folder becomes a store belongs here. Which folders the operator allows
// is a setting of the server, and how a key may look is wharf.Key's.
//
// Invariants:
//
//   - Nothing outside the stage's folder is read or changed, whatever a key,
//     a prefix or a symbolic link says: every access goes through an
//     [os.Root], which refuses paths that lead outside.
//   - Only folders below those that the server's settings allow can be a
//     stage's. Check looks at the URL alone.
//   - An upload is written to a file in the folder .wharf-uploads of the
//     stage, synced, and then renamed to its place (linked, with IfAbsent), so
//     that readers see all of it or nothing. A path with a folder of that
//     name, at any depth or behind a symbolic link, is neither a key nor a
//     stage's: a stage below this one has its uploads there.
//   - The file of an upload is locked (flock) while it is written. The first
//     Put or Delete of a Store removes those without a lock, which killed
//     servers left. It does so while other servers of the machine write to the
//     folder.
//   - Put returns when the file, its name, and all folders above it up to the
//     stage's are durable.
//   - Between calls the store has no file descriptors except those of open
//     Files. A folder that is moved away and back, or mounted later, is found
//     again.
//
// The limits of the file system are limits of the store: a file and a folder
// cannot have one name, "a//b" is not a key, and no segment of a key is longer
// than 255 bytes. A version is known by inode, time and length. There are no
// checksums, so that damage is not noticed and the MD5 is not known. A reader
// whose file another program changes gets an error; it does not mix versions
// as far as the file's time and length show.
//
// Symbolic links within the folder work. List does not follow links to
// folders, which could form a circle. It reports links that lead out of the
// folder, or nowhere, as unnamed. Devices, pipes and sockets are not in
// the stage. Files whose names are not keys are reported by List as unnamed.
// Empty folders stay, because other programs may use them.
//
// If the sync of the folder fails after the rename, Put returns an error
// although readers see the new file, which a power failure may undo.
//
// Files without a name (O_TMPFILE) would need no sweep. They are not used
// because network and FUSE file systems lack them, and because replacing a
// file takes a second name anyway. Between the creation of a file and its
// lock, the sweep of another server may remove it: the upload notices and
// creates another. Where a file system has no locks, a file is swept when it
// is a day old. Where locks do not reach other machines, a server that starts
// on another machine makes uploads under way fail, and does no other harm.
package dir
