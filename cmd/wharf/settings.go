package main

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wharf"
	"wharf/meta/auth"
	"wharf/storage/s3"
)

// config is everything that can be set, validated.
type config struct {
	dataDir             string
	newCatalog          bool // begin with an empty catalog where it is missing
	mysqlAddr           string
	httpAddr            string
	httpsAddr           string // "" for none
	tlsCert, tlsKey     string // files; "" for a certificate of the server's own
	requireTLS          bool   // without httpAddr, and no MySQL login in the clear
	trustedProxies      []netip.Prefix
	publicURL           *url.URL // nil when not set
	corsOrigins         []string // as httpapi.ParseOrigin returns them
	metricsAddr         string   // "" for none
	s3Endpoint          string
	s3Region            string
	s3ServerCredentials bool
	s3Allow             s3.Reach
	fsAllow             []string // absolute paths
	passwordFile        string
	passwordFrom        string // which setting named that file
	rootPassword        wharf.Secret
	password            auth.Password // what is kept of rootPassword
	maxFileSize         int64
	uploadMemory        int64
	uploadWait          time.Duration
	sqlMemory           int64
	sessionMemory       int64
	query               queryLimits
	cacheSize           int64 // 0 is without a cache, autoSize by the disk
	requireSandbox      bool
	audit               auditOptions
	shutdownGrace       time.Duration
	logLevel            slog.Level
	logFormat           string
}

// queryLimits are the bounds of queries of files.
type queryLimits struct {
	workers      int // 0 is the engine's default
	memory, temp int64
	wait, time   time.Duration // time 0 is without a bound
	rows         int64         // 0 is without a bound
}

// setting is one thing that can be set, documented once: the flag is --name,
// the variable WHARF_NAME, and the key of the config file name.
type setting struct {
	name  string
	value string // the default
	arg   string // what --help calls the value
	usage string
	env   []string // further variables that set it, in order of preference
	list  bool     // a list separated by commas; the flag may be repeated
	set   func(c *config, v string) error
}

// settings are all of them, in the order that --help shows them.
var settings = []setting{
	{name: "data-dir", value: "./wharf-data", arg: "DIR",
		usage: "folder for the catalog and the files of internal stages; made if absent, one server at a time",
		set:   func(c *config, v string) error { c.dataDir = v; return notEmpty(v) }},
	{name: "mysql-addr", value: "127.0.0.1:3307", arg: "HOST:PORT",
		usage: "where MySQL clients connect; port 0 takes a free one",
		set:   func(c *config, v string) error { c.mysqlAddr = v; return checkAddr(v) }},
	{name: "http-addr", value: "127.0.0.1:8000", arg: "HOST:PORT",
		usage: "where HTTP clients connect; port 0 takes a free one",
		set:   func(c *config, v string) error { c.httpAddr = v; return checkAddr(v) }},
	{name: "https-addr", arg: "HOST:PORT",
		usage: "where HTTP clients connect over TLS, by HTTP/1.1 or HTTP/2; without it, there is no such port",
		set:   setAddr(func(c *config) *string { return &c.httpsAddr })},
	{name: "tls-cert", arg: "FILE",
		usage: "certificate of the server and those above it, in PEM, for the HTTPS and the MySQL port; read again when it changes; without it, the server makes one that no authority has signed",
		set:   func(c *config, v string) error { c.tlsCert = v; return nil }},
	{name: "tls-key", arg: "FILE",
		usage: "private key of the certificate, in PEM",
		set:   func(c *config, v string) error { c.tlsKey = v; return nil }},
	{name: "require-tls", value: "false", arg: "BOOL",
		usage: "do not open the HTTP port of http-addr, and refuse MySQL logins without TLS",
		set:   func(c *config, v string) (err error) { c.requireTLS, err = parseBool(v); return }},
	{name: "trusted-proxy", arg: "CIDR", list: true,
		usage: "network of proxies whose X-Forwarded-For and PROXY protocol say who the client is, such as 127.0.0.1 or 10.0.0.0/24; may be given several times, or as a list separated by commas",
		set:   setTrustedProxies},
	{name: "metrics-addr", arg: "HOST:PORT",
		usage: "where metrics and health alone are answered, without a password; without it, only GET /metrics on the HTTP port answers with metrics, to users with SUPER",
		set:   setAddr(func(c *config) *string { return &c.metricsAddr })},
	{name: "public-url", arg: "URL",
		usage: "the address under which clients reach the HTTP port, if it is another; presigned URLs start with it, and its host is accepted in requests",
		set:   setPublicURL},
	{name: "cors-origin", arg: "ORIGIN", list: true,
		usage: "origin whose web pages may use the HTTP port from a browser, such as https://app.example.com, or * for all; may be given several times, or as a list separated by commas; without it, none may",
		set:   setCORSOrigins},
	{name: "s3-endpoint", arg: "URL", env: []string{"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"},
		usage: "S3 server of stages that name none; without it, Amazon's",
		set:   setEndpoint},
	{name: "s3-region", value: "us-east-1", arg: "REGION", env: []string{"AWS_REGION", "AWS_DEFAULT_REGION"},
		usage: "S3 region of stages that name none",
		set:   func(c *config, v string) error { c.s3Region = v; return notEmpty(v) }},
	{name: "s3-server-credentials", value: "false", arg: "BOOL",
		usage: "stages without keys use the server's own AWS credentials; otherwise their requests are anonymous",
		set:   func(c *config, v string) (err error) { c.s3ServerCredentials, err = parseBool(v); return }},
	{name: "s3-allow", arg: "HOST:PORT", list: true,
		usage: "S3 server on a loopback, private or link-local address that stages may use: host, host:port, *.domain or CIDR; may be given several times, or as a list separated by commas; the one of s3-endpoint needs no entry, and loopback none while both ports listen on loopback only",
		set:   setS3Allow},
	{name: "fs-allow", arg: "DIR", list: true,
		usage: "folder of this machine that may hold fs:// stages; may be given several times, or as a list separated by commas; without it, there are none",
		set:   setFSAllow},
	{name: "root-password-file", arg: "FILE",
		usage: "file whose first line is root's password (or set WHARF_ROOT_PASSWORD); without one, only clients on this machine are let in",
		set:   func(c *config, v string) error { c.passwordFile = v; return nil }},
	{name: "max-file-size", value: "0", arg: "SIZE",
		usage: "largest file that is taken, such as 500MiB; 0 is no limit",
		set:   func(c *config, v string) (err error) { c.maxFileSize, err = parseSize(v); return }},
	{name: "upload-memory", value: "96MiB", arg: "SIZE",
		usage: "memory that all uploads together may hold; further ones wait",
		set:   func(c *config, v string) (err error) { c.uploadMemory, err = parseMemory(v, 1<<20); return }},
	{name: "upload-wait", value: "30s", arg: "TIME",
		usage: "how long an upload waits for memory before it is answered 503",
		set:   func(c *config, v string) (err error) { c.uploadWait, err = parseTime(v); return }},
	{name: "sql-memory", value: "256MiB", arg: "SIZE",
		usage: "memory that all MySQL sessions together may hold: statements, rows on their way, variables, prepared statements",
		set:   func(c *config, v string) (err error) { c.sqlMemory, err = parseMemory(v, 16<<20); return }},
	{name: "session-memory", value: "128MiB", arg: "SIZE",
		usage: "memory that one MySQL session may hold of that",
		set:   func(c *config, v string) (err error) { c.sessionMemory, err = parseMemory(v, 1<<20); return }},
	{name: "query-workers", value: "0", arg: "N",
		usage: "queries of files at once, each in a process of its own; 0 is the number of processors, and at least 4",
		set:   func(c *config, v string) (err error) { c.query.workers, err = parseCount(v, 1000); return }},
	{name: "query-memory", value: "512MiB", arg: "SIZE",
		usage: "memory of one query of files, from 128MiB",
		set:   func(c *config, v string) (err error) { c.query.memory, err = parseMemory(v, 128<<20); return }},
	{name: "query-temp", value: "4GiB", arg: "SIZE",
		usage: "disk in the data folder that one query of files may take, from 1MiB: for what does not fit its memory, and for the files of COPY INTO",
		set:   func(c *config, v string) (err error) { c.query.temp, err = parseMemory(v, 1<<20); return }},
	{name: "query-wait", value: "30s", arg: "TIME",
		usage: "how long a query of files waits for its turn before error 1040",
		set:   func(c *config, v string) (err error) { c.query.wait, err = parseTime(v); return }},
	{name: "query-time", value: "1h", arg: "TIME",
		usage: "how long a query of files may take, with waiting and the reading of its rows, before error 3024; 0 is no limit; max_execution_time sets less",
		set:   setQueryTime},
	{name: "query-rows", value: "0", arg: "N",
		usage: "most rows of the result of a query of files; 0 is no limit",
		set: func(c *config, v string) error {
			n, err := parseCount(v, math.MaxInt64)
			c.query.rows = int64(n)
			return err
		}},
	{name: "cache-size", value: "auto", arg: "SIZE",
		usage: "disk in the data folder for bytes of files on S3 that were queried; auto is 10GiB, or a tenth of the disk if that is less; 0 keeps nothing, and each query fetches whole files",
		set:   setCacheSize},
	{name: "require-sandbox", value: "false", arg: "BOOL",
		usage: "do not start where the kernel cannot confine queries of files; otherwise the log warns of what it lacks",
		set:   func(c *config, v string) (err error) { c.requireSandbox, err = parseBool(v); return }},
	{name: "shutdown-grace", value: "30s", arg: "TIME",
		usage: "how long statements and uploads may take to finish after INT, TERM or HUP",
		set:   func(c *config, v string) (err error) { c.shutdownGrace, err = parseTime(v); return }},
	{name: "audit-log", arg: "FILE",
		usage: "file that gets a line of JSON for each login, statement and request: who, from where, what, and whether it was done; without it, there is none",
		set:   func(c *config, v string) error { c.audit.file = v; return nil }},
	{name: "audit-size", value: "100MiB", arg: "SIZE",
		usage: "size at which the audit log is renamed and begun anew, from 1MiB",
		set:   func(c *config, v string) (err error) { c.audit.size, err = parseMemory(v, 1<<20); return }},
	{name: "audit-keep", value: "10", arg: "N",
		usage: "how many renamed audit logs are kept; 0 is all",
		set:   func(c *config, v string) (err error) { c.audit.keep, err = parseCount(v, 100000); return }},
	{name: "log-level", value: "info", arg: "LEVEL",
		usage: "debug, info, warn or error",
		set:   setLogLevel},
	{name: "log-format", value: "text", arg: "FORMAT",
		usage: "text or json; the log goes to standard error",
		set:   setLogFormat},
}

// envName is the variable that sets a setting.
func (s setting) envName() string {
	return "WHARF_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

func notEmpty(v string) error {
	if v == "" {
		return fmt.Errorf("it is empty")
	}
	return nil
}

func checkAddr(v string) error {
	_, port, err := net.SplitHostPort(v)
	if err != nil {
		return fmt.Errorf("it must be HOST:PORT")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("its port must be a number from 0 to 65535")
	}
	return nil
}

// setAddr returns how an address is set that may be missing.
func setAddr(of func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error {
		if *of(c) = v; v == "" {
			return nil
		}
		return checkAddr(v)
	}
}

func setTrustedProxies(c *config, v string) error {
	c.trustedProxies = nil
	if v == "" {
		return nil
	}
	for text := range strings.SplitSeq(v, ",") {
		text = strings.TrimSpace(text)
		net, err := netip.ParsePrefix(text)
		if ip, ipErr := netip.ParseAddr(text); ipErr == nil {
			net, err = netip.PrefixFrom(ip.Unmap().WithZone(""), ip.Unmap().BitLen()), nil
		}
		if err != nil || net.Addr().Is4In6() {
			return fmt.Errorf("%q is neither an IP address nor a CIDR such as 10.0.0.0/24", text)
		}
		c.trustedProxies = append(c.trustedProxies, net.Masked())
	}
	return nil
}

func setEndpoint(c *config, v string) error {
	c.s3Endpoint = v
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return fmt.Errorf("it must be like http://127.0.0.1:9000, without keys")
	}
	if !wharf.ValidPort(u) {
		return fmt.Errorf("its port must be a number from 1 to 65535")
	}
	return nil
}

func setS3Allow(c *config, v string) (err error) {
	if c.s3Allow, err = s3.ParseReach(v); err != nil {
		return errors.New(wharf.MessageOf(err))
	}
	return nil
}

func setQueryTime(c *config, v string) (err error) {
	if v == "0" {
		c.query.time = 0
		return nil
	}
	c.query.time, err = parseTime(v)
	return err
}

// autoSize is the size of a cache that goes by the disk.
const autoSize = -1

func setCacheSize(c *config, v string) (err error) {
	if v == "auto" {
		c.cacheSize = autoSize
		return nil
	}
	if c.cacheSize, err = parseSize(v); err != nil {
		return fmt.Errorf("it must be auto, 0, or a number of bytes such as 500MiB")
	}
	return nil
}

// parseCount reads a whole number from 0 to most.
func parseCount(v string, most int) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("it must be a whole number from 0 to %d", most)
	}
	return n, nil
}

// parseMemory reads a size of at least that many bytes, a whole number of MiB.
func parseMemory(v string, least int64) (int64, error) {
	n, err := parseSize(v)
	if err == nil && n < least {
		err = fmt.Errorf("it must be at least %dMiB", least>>20)
	}
	return n, err
}

func setLogLevel(c *config, v string) error {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if strings.EqualFold(v, level.String()) {
			c.logLevel = level
			return nil
		}
	}
	return fmt.Errorf("it must be debug, info, warn or error")
}

func setLogFormat(c *config, v string) error {
	c.logFormat = v
	if v != "text" && v != "json" {
		return fmt.Errorf("it must be text or json")
	}
	return nil
}

func parseBool(v string) (bool, error) {
	b, err := strconv.ParseBool(v)
	if err != nil {
		return false, fmt.Errorf("it must be true or false")
	}
	return b, nil
}

func parseTime(v string) (time.Duration, error) {
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("it must be a positive time with its unit, such as 30s or 2m")
	}
	return d, nil
}

// parseSize reads a number of bytes, with a unit of powers of 1024 (KiB, MiB,
// GiB, TiB) or of 1000 (KB, MB, GB, TB), or none.
func parseSize(v string) (int64, error) {
	units := []struct {
		name string
		n    int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
		{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}}
	num, mult := v, int64(1)
	for _, u := range units {
		if s, ok := strings.CutSuffix(v, u.name); ok {
			num, mult = strings.TrimSpace(s), u.n
			break
		}
	}
	n, err := strconv.ParseInt(num, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/mult {
		return 0, fmt.Errorf("it must be a number of bytes, such as 1048576, 500MiB or 2GB")
	}
	return n * mult, nil
}
