package meta

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	bolt "go.etcd.io/bbolt"

	"wharf"
)

// The buckets, and the keys of the first.
const (
	bucketSelf        = "wharf"
	bucketNames       = "names"
	bucketStages      = "stages"
	bucketDropped     = "dropped"
	bucketConnections = "connections"
	bucketFormats     = "formats"
	bucketSigning     = "signing"
	bucketUsers       = "users"

	keyFormat = "format"
	keyCheck  = "check"
)

var buckets = [...]string{bucketSelf, bucketNames, bucketStages, bucketDropped, bucketConnections, bucketFormats, bucketSigning, bucketUsers}

const (
	recordVersion = 2
	// recordBefore is the version without the number of the transaction. It is read.
	recordBefore = 1

	recordHeader  = 5
	writtenLength = 8
)

// putRecord stores a payload under its key.
func putRecord(tx *bolt.Tx, bucket string, key, payload []byte) error {
	return tx.Bucket([]byte(bucket)).Put(key, frame(bucket, key, uint64(tx.ID()), payload))
}

// record returns the payload under the key; nil if there is none. It is valid
// until the transaction ends.
func record(tx *bolt.Tx, bucket string, key []byte) ([]byte, error) {
	value := tx.Bucket([]byte(bucket)).Get(key)
	if value == nil {
		return nil, nil
	}
	payload, _, err := unframe(bucket, key, value)
	return payload, err
}

// frame returns a record that the transaction of that number writes.
func frame(bucket string, key []byte, written uint64, payload []byte) []byte {
	b := make([]byte, recordHeader, recordHeader+writtenLength+len(payload))
	b[0] = recordVersion
	b = binary.BigEndian.AppendUint64(b, written)
	b = append(b, payload...)
	binary.BigEndian.PutUint32(b[1:], checksum(recordVersion, bucket, key, b[recordHeader:]))
	return b
}

// unframe returns the payload of a record, and the number of the transaction
// that wrote it; 0 for one of the version before.
func unframe(bucket string, key, value []byte) (payload []byte, written uint64, err error) {
	if len(value) < recordHeader {
		return nil, 0, fmt.Errorf("the record %x in %s has only %d bytes", key, bucket, len(value))
	}
	version, body := value[0], value[recordHeader:]
	matches := func(version byte) bool {
		return binary.BigEndian.Uint32(value[1:]) == checksum(version, bucket, key, body)
	}
	switch known := version == recordVersion || version == recordBefore; {
	case known && !matches(version):
		return nil, 0, fmt.Errorf("the record %x in %s is damaged: its checksum does not match", key, bucket)
	case version == recordBefore:
		return body, 0, nil
	case known && len(body) >= writtenLength:
		return body[writtenLength:], binary.BigEndian.Uint64(body), nil
	case known:
		return nil, 0, fmt.Errorf("the record %x in %s has no number of a transaction", key, bucket)
	case matches(recordVersion), matches(recordBefore): // and another version has another checksum
		return nil, 0, fmt.Errorf("the record %x in %s is damaged: its version is not the one that was written", key, bucket)
	}
	return nil, 0, wharf.Errorf(wharf.CodeUnsupported,
		"a record in the catalog has version %d; this version reads version %d", version, recordVersion)
}

// checksum guards what follows it, and the place where it belongs.
func checksum(version byte, bucket string, key, body []byte) uint32 {
	head := append([]byte{version, byte(len(bucket))}, bucket...)
	head = binary.BigEndian.AppendUint16(head, uint16(len(key)))
	head = append(head, key...)
	return crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, body)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
