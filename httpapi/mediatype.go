package httpapi

import (
	"path"
	"strings"
)

// mediaTypes are the types of files by extension. A table of our own, because
// that of package mime depends on what is installed beside the server.
var mediaTypes = map[string]string{
	".avro":    "application/avro",
	".br":      "application/x-brotli",
	".bz2":     "application/x-bzip2",
	".csv":     "text/csv; charset=utf-8",
	".gif":     "image/gif",
	".gz":      "application/gzip",
	".htm":     "text/html; charset=utf-8",
	".html":    "text/html; charset=utf-8",
	".jpeg":    "image/jpeg",
	".jpg":     "image/jpeg",
	".json":    "application/json",
	".jsonl":   "application/x-ndjson",
	".md":      "text/markdown; charset=utf-8",
	".mp4":     "video/mp4",
	".ndjson":  "application/x-ndjson",
	".orc":     "application/vnd.apache.orc",
	".parquet": "application/vnd.apache.parquet",
	".pdf":     "application/pdf",
	".png":     "image/png",
	".sql":     "application/sql",
	".svg":     "image/svg+xml",
	".tar":     "application/x-tar",
	".tsv":     "text/tab-separated-values; charset=utf-8",
	".txt":     "text/plain; charset=utf-8",
	".xml":     "application/xml",
	".xz":      "application/x-xz",
	".zip":     "application/zip",
	".zst":     "application/zstd",
}

// contentType returns the media type of a file by its name.
func contentType(key string) string {
	if t, ok := mediaTypes[strings.ToLower(path.Ext(key))]; ok {
		return t
	}
	return "application/octet-stream"
}
