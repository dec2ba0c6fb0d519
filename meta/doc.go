// Package meta is the [wharf.Catalog]: the definitions of the stages, named
// connections and named file formats, in a bbolt file, with every secret in
// it sealed. It is [wharf.SigningKeys] too.
//
// Invariants:
//
//   - Each method is one bbolt transaction, durable when it returns nil.
//   - The file of the key, catalog.key or that of [Key], is made before catalog.db
//     and never again: a catalog.db without its key is refused, for a new key
//     could not open its secrets. Both files appear by rename, whole or not at
//     all, so a crash at any moment of the first start leaves what the next start
//     goes on from.
//   - [Rekey] changes the key: the new one is on the disk before a catalog is
//     sealed with it, and takes the place of the old one after that catalog did.
//   - Every stage has one name, and every name one stage. The ID of a
//     dropped internal stage is on the list of dropped stages until it is
//     taken off. [Catalog.Check] holds a catalog to this.
//   - A byte that changed on disk is an error, never another definition.
//   - A file whose pages do not make a tree is refused before bbolt reads it:
//     bbolt panics on some, and never ends on others. [CheckFolder] repairs it.
//   - An unknown version, of the file, of a record or of a sealed value, is
//     refused. There are no migrations yet.
//
// It does not know privileges, nor where the files of a stage are, and it does
// not keep the list of files.
//
// # The format on disk, version 3
//
// In the folder, both files 0600:
//
//	catalog.key  32 random bytes
//	catalog.db   bbolt, with the buckets below
//
// Another file may hold the key, as it is or as text; [Key] says which. Either may
// have a twin that ends in ".new" after a crash, which the next start removes; the
// key may have one that ends in ".next", the new key of a rekey that was cut short.
// A repair keeps a damaged catalog.db as catalog.db.damaged.
//
//	bucket       key       value
//	wharf        "format"  uint32, big-endian: 3
//	wharf        "check"   record: a sealed "wharf", which a wrong key does not open
//	names        name      record: the 16 bytes of the ID
//	stages       ID        record: a stage as JSON
//	dropped      ID        record: a stage as JSON
//	connections  name      record: a named connection as JSON
//	formats      name      record: a named file format as JSON
//	signing      ID        record: a signing key as JSON
//	users        ID        record: a user or role as JSON; root's has the zero ID
//
// Version 1 had no connections and no formats, version 2 no signing keys.
// They are not read. The version went up with the buckets, so that an older
// server does not open a newer catalog and ignore a part of it. It did not for the
// users, whose bucket is made with the first: a server without users lets in root
// alone, and refuses what has an owner or grants.
//
// A record:
//
//	byte 0     version of the record: 2
//	byte 1-4   CRC-32C, big-endian, of what follows, as one string:
//	           the version; the bucket's name, with its length in one byte
//	           before it; the key, with its length in two bytes big-endian
//	           before it; the number and the payload
//	byte 5-12  number of the transaction that wrote it, big-endian
//	byte 13-   payload
//
// Version 1, which is read, has no number. By it a repair knows which of two
// records of one place is the later: old pages keep old records.
// So a record that was moved to another key or bucket is detected, as is one
// whose bytes changed.
//
// A stage as JSON has the fields of stageRecord, a connection those of
// namedConnectionRecord, a file format those of formatRecord, a signing key
// those of signingKeyRecord, a user those of userRecord. A secret in them is a sealed value, in base64:
//
//	byte 0     version of the seal: 1
//	byte 1-12  nonce, random
//	byte 13-   AES-256-GCM of the secret, and its tag of 16 bytes
//
// The key of the cipher is HKDF-SHA256 of the 32 bytes of the key, without
// salt, with the info "wharf catalog seal 1". The associated data is what the
// value is and whose: version, kind, ID and field, each with its length in
// one byte before it; for a secret of a stage "stage", the 16 bytes of its ID
// and the name of the field as in [wharf.Connection]; for one of a named
// connection "connection", its name and the same; for a signing key "signing
// key", its ID and "Secret"; for a user "user", its ID and "Hash" or "Applied"; for the check "catalog", ""
// and "check". The length of a secret can be seen.
package meta
