package local

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/cockroachdb/pebble/v2/vfs"

	"wharf"
)

// verifyBody reads a body file from one end to the other. It returns what
// the file says of itself if it is whole.
func verifyBody(ctx context.Context, fs vfs.FS, path string) (trailer, error) {
	f, err := fs.Open(path)
	if err != nil {
		return trailer{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return trailer{}, err
	}
	t, table, err := readTrailer(f, info.Size())
	if err != nil {
		return trailer{}, err
	}
	return t, verifyBlocks(ctx, f, t.size, table)
}

// readTrailer reads and verifies all that follows the bytes of a body.
func readTrailer(f vfs.File, fileSize int64) (trailer, []byte, error) {
	var footer [footerLen]byte
	if fileSize < footerLen {
		return trailer{}, nil, errTrailer
	}
	if _, err := f.ReadAt(footer[:], fileSize-footerLen); err != nil {
		return trailer{}, nil, err
	}
	t, keyLen, err := parseFooter(footer[:])
	if err != nil || t.size < 0 || keyLen > wharf.MaxKey || t.size > fileSize || t.fileSize(keyLen) != fileSize {
		return trailer{}, nil, errTrailer
	}
	tail := make([]byte, fileSize-t.size)
	if _, err := f.ReadAt(tail, t.size); err != nil {
		return trailer{}, nil, err
	}
	table, rest := tail[:crcLen*blocks(t.size)], tail[crcLen*blocks(t.size):]
	copy(t.stage[:], rest)
	t.key = wharf.Key(rest[stageLen : stageLen+keyLen])
	sum := rest[len(rest)-footerLen+footerSum:]
	want := binary.BigEndian.Uint32(sum)
	clear(sum[:crcLen])
	if trailerSum(table, rest) != want {
		return trailer{}, nil, errTrailer
	}
	return t, table, nil
}

var errBlock = errors.New("a block does not match its checksum")

func verifyBlocks(ctx context.Context, f vfs.File, size int64, table []byte) error {
	c := chunks.Get().(*chunk)
	defer chunks.Put(c)
	for off := int64(0); off < size; off += chunkSize {
		if err := ctx.Err(); err != nil {
			return err
		}
		data := c[:min(chunkSize, size-off)]
		if _, err := f.ReadAt(data, off); err != nil {
			return err
		}
		for ; len(data) > 0; table = table[crcLen:] {
			b := data[:min(blockSize, len(data))]
			if crc32.Checksum(b, castagnoli) != binary.BigEndian.Uint32(table) {
				return errBlock
			}
			data = data[len(b):]
		}
	}
	return nil
}
