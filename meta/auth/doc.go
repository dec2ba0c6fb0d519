// Package auth checks passwords, tokens and signatures. It is pure, with one exception: no
// I/O but random salts and keys, no state, no clock.
//
// A [Password] is what may be kept of a password: two hashes, never the
// password. One is of the form that mysql_native_password proves knowledge
// of, one of the form that caching_sha2_password stores. The zero Password
// means that none is set, and only the empty password matches it.
//
// A [Digest] is the third form, which caching_sha2_password proves knowledge
// of without sending the password. It is unsalted: it is made in memory when
// a password was seen and matched, and never stored.
//
// A [Ring] is the keys that sign grants, the newest first. The newest signs;
// each older one still proves what it has signed until the longest of it has
// expired. A signature binds every field of a [wharf.Grant].
//
// Invariants:
//
//   - No value of this package can be printed into a password, and printing
//     a Password or a Digest shows nothing of its hashes.
//   - Comparisons of secrets take a time that does not depend on where they
//     differ.
//   - What a stranger may send is bounded before it is hashed: the salted
//     hash costs time that grows with the square of the length.
//
// The exception is [Gate], which all listeners ask who may log in, by a password or by
// a token. It reads the users and root's record from the catalog, and remembers passwords that were proven, by their digests,
// for minutes.
//
// The package does not know privileges.
package auth
