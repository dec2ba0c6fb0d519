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
	recordVersion = 1
	recordHeader  = 5
)

// putRecord stores a payload under its key.
func putRecord(tx *bolt.Tx, bucket string, key, payload []byte) error {
	return tx.Bucket([]byte(bucket)).Put(key, frame(bucket, key, payload))
}

// record returns the payload under the key; nil if there is none. It is valid
// until the transaction ends.
func record(tx *bolt.Tx, bucket string, key []byte) ([]byte, error) {
	value := tx.Bucket([]byte(bucket)).Get(key)
	if value == nil {
		return nil, nil
	}
	return unframe(bucket, key, value)
}

func frame(bucket string, key, payload []byte) []byte {
	b := make([]byte, recordHeader, recordHeader+len(payload))
	b[0] = recordVersion
	binary.BigEndian.PutUint32(b[1:], checksum(bucket, key, payload))
	return append(b, payload...)
}

func unframe(bucket string, key, value []byte) ([]byte, error) {
	if len(value) < recordHeader {
		return nil, fmt.Errorf("the record %x in %s has only %d bytes", key, bucket, len(value))
	}
	payload := value[recordHeader:]
	switch matches := binary.BigEndian.Uint32(value[1:]) == checksum(bucket, key, payload); {
	case value[0] == recordVersion && matches:
		return payload, nil
	case value[0] == recordVersion:
		return nil, fmt.Errorf("the record %x in %s is damaged: its checksum does not match", key, bucket)
	case matches: // and another version has another checksum
		return nil, fmt.Errorf("the record %x in %s is damaged: its version is not the one that was written", key, bucket)
	}
	return nil, wharf.Errorf(wharf.CodeUnsupported,
		"a record in the catalog has version %d; this version reads version %d", value[0], recordVersion)
}

// checksum guards the payload and the place where it belongs.
func checksum(bucket string, key, payload []byte) uint32 {
	head := append([]byte{recordVersion, byte(len(bucket))}, bucket...)
	head = binary.BigEndian.AppendUint16(head, uint16(len(key)))
	head = append(head, key...)
	return crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, payload)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
