module wharf

go 1.26.0

require (
	github.com/BurntSushi/toml v1.6.0 // the config file
	github.com/andybalholm/brotli v1.2.3 // files that are queried: brotli
	github.com/aws/aws-sdk-go-v2 v1.47.7 // S3: signing and requests
	github.com/aws/aws-sdk-go-v2/config v1.33.15 // S3: the server's own credentials
	github.com/aws/aws-sdk-go-v2/credentials v1.20.15 // S3: the stage's credentials
	github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager v0.5.4 // benchmarks: what our uploads to S3 are measured against
	github.com/aws/aws-sdk-go-v2/service/s3 v1.114.8 // S3
	github.com/aws/aws-sdk-go-v2/service/sts v1.51.8 // S3: roles
	github.com/aws/smithy-go v1.28.8 // S3: its errors
	github.com/chromedp/cdproto v0.0.0-20260321001828-e3e3800016bc // tests: what a browser is told
	github.com/chromedp/chromedp v0.15.1 // tests: a headless Chromium, for phpMyAdmin and Adminer
	github.com/cockroachdb/datadriven v1.0.3-0.20250407164829-2945557346d5 // tests from data files
	github.com/cockroachdb/pebble/v2 v2.1.4 // the index of internal stages
	github.com/duckdb/duckdb-go-bindings v0.10506.0 // the engine for queries of files
	github.com/elastic/go-seccomp-bpf v1.6.0 // which system calls a query's worker is refused
	github.com/go-mysql-org/go-mysql v1.16.0 // MySQL handshake
	github.com/go-sql-driver/mysql v1.10.1 // client commands; tests: a real client
	github.com/google/uuid v1.6.0 // request IDs
	github.com/klauspost/compress v1.18.6 // zstd: MySQL protocol compression, files that are queried
	github.com/labstack/echo/v4 v4.16.0 // HTTP routing
	github.com/landlock-lsm/go-landlock v0.11.2 // which files a query's worker can reach
	github.com/pingcap/tidb/pkg/parser v0.0.0-20260504140133-511dba1dbe17 // plain MySQL
	github.com/pires/go-proxyproto v0.8.1 // the PROXY protocol of load balancers
	github.com/prometheus/client_golang v1.23.2 // metrics
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.2 // JSON_SCHEMA_VALID
	github.com/ulikunitz/xz v0.5.17 // files that are queried: xz
	go.etcd.io/bbolt v1.5.0 // the catalog
	golang.org/x/net v0.59.0 // tests: a DNS server
	golang.org/x/sync v0.23.0 // groups of goroutines, a weighted semaphore
	golang.org/x/sys v0.49.0 // what the system offers and package os does not: statfs, flock, fallocate
	golang.org/x/text v0.42.0 // LIKE without regard to accents; encodings of files that are queried
	gopkg.in/natefinch/lumberjack.v2 v2.2.1 // rotation of the audit log
	kernel.org/pub/linux/libs/security/libcap/psx v1.2.78 // a query's worker: a call for all its threads
)

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	github.com/DataDog/zstd v1.5.7 // indirect
	github.com/RaduBerinde/axisds v0.1.0 // indirect
	github.com/RaduBerinde/btreemap v0.0.0-20250419174037-3d62b7205d54 // indirect
	github.com/apache/arrow-go/v18 v18.4.1 // indirect
	github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream v1.7.26 // indirect
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.20.7 // indirect
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.8.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/v4a v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding v1.13.24 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/checksum v1.11.11 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/presigned-url v1.14.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/s3shared v1.20.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/signin v1.12.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/sso v1.39.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/ssooidc v1.44.3 // indirect
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/chromedp/sysutil v1.1.0 // indirect
	github.com/cockroachdb/crlib v0.0.0-20241112164430-1264a2edc35b // indirect
	github.com/cockroachdb/errors v1.11.3 // indirect
	github.com/cockroachdb/logtags v0.0.0-20230118201751-21c54148d20b // indirect
	github.com/cockroachdb/redact v1.1.5 // indirect
	github.com/cockroachdb/swiss v0.0.0-20251224182025-b0f6560f979b // indirect
	github.com/cockroachdb/tokenbucket v0.0.0-20230807174530-cc333fc44b06 // indirect
	github.com/coreos/go-semver v0.3.1 // indirect
	github.com/duckdb/duckdb-go-bindings/lib/darwin-amd64 v0.10506.0 // indirect
	github.com/duckdb/duckdb-go-bindings/lib/darwin-arm64 v0.10506.0 // indirect
	github.com/duckdb/duckdb-go-bindings/lib/linux-amd64 v0.10506.0 // indirect
	github.com/duckdb/duckdb-go-bindings/lib/linux-arm64 v0.10506.0 // indirect
	github.com/duckdb/duckdb-go-bindings/lib/windows-amd64 v0.10506.0 // indirect
	github.com/getsentry/sentry-go v0.27.0 // indirect
	github.com/go-json-experiment/json v0.0.0-20260214004413-d219187c3433 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/pool v0.2.1 // indirect
	github.com/gobwas/ws v1.4.0 // indirect
	github.com/goccy/go-json v0.10.6 // indirect
	github.com/gogo/protobuf v1.3.2 // indirect
	github.com/golang/snappy v1.0.0 // indirect
	github.com/google/flatbuffers v25.2.10+incompatible // indirect
	github.com/klauspost/cpuid/v2 v2.3.0 // indirect
	github.com/kr/pretty v0.3.1 // indirect
	github.com/kr/text v0.2.0 // indirect
	github.com/labstack/gommon v0.5.0 // indirect
	github.com/mattn/go-colorable v0.1.15 // indirect
	github.com/mattn/go-isatty v0.0.22 // indirect
	github.com/minio/minlz v1.0.1-0.20250507153514-87eb42fe8882 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/pierrec/lz4/v4 v4.1.22 // indirect
	github.com/pingcap/errors v0.11.5-0.20260310054046-9c8b3586e4b2 // indirect
	github.com/pingcap/failpoint v0.0.0-20260406204437-bbc9d102c19e // indirect
	github.com/pingcap/log v1.1.1-0.20260227082333-572e590d08f1 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	github.com/pmezard/go-difflib v1.0.1-0.20181226105442-5d4384ee4fb2 // indirect
	github.com/prometheus/client_model v0.6.2 // indirect
	github.com/prometheus/common v0.66.1 // indirect
	github.com/prometheus/procfs v0.16.1 // indirect
	github.com/rogpeppe/go-internal v1.10.0 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
	github.com/valyala/fasttemplate v1.2.2 // indirect
	github.com/zeebo/xxh3 v1.0.2 // indirect
	go.uber.org/atomic v1.11.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	go.yaml.in/yaml/v2 v2.4.2 // indirect
	golang.org/x/crypto v0.57.0 // indirect
	golang.org/x/exp v0.0.0-20250408133849-7e4ce0ab07d0 // indirect
	golang.org/x/exp/typeparams v0.0.0-20231108232855-2478ac86f678 // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/telemetry v0.0.0-20260924152758-ed294f943157 // indirect
	golang.org/x/tools v0.51.0 // indirect
	golang.org/x/tools/go/packages/packagestest v0.1.1-deprecated // indirect
	golang.org/x/vuln v1.1.4 // indirect
	golang.org/x/xerrors v0.0.0-20240903120638-7835f813f4da // indirect
	google.golang.org/protobuf v1.36.8 // indirect
	honnef.co/go/tools v0.8.2 // indirect
)

tool (
	golang.org/x/vuln/cmd/govulncheck
	honnef.co/go/tools/cmd/staticcheck
)
