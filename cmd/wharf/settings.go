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
	"wharf/meta"
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
	keyFile, keyCommand string   // "" for none
	key                 meta.Key // where it is, if no command prints it
	openTo              string   // a setting whose port other machines reach; "" if none
	maxFileSize         int64
	stageQuota          wharf.Quota
	connections         connectionLimits
	diskReserve         int64 // 0 is chosen by the disk
	maxUploads          int   // 0 is by the limit of open files
	uploadMemory        int64
	uploadWait          time.Duration
	sqlMemory           int64
	sessionMemory       int64
	query               queryLimits
	cacheSize           int64 // 0 is without a cache, autoSize by the disk
	requireSandbox      sandboxRule
	audit               auditOptions
	shutdownGrace       time.Duration
	logLevel            slog.Level
	logFormat           string
}

// connectionLimits are the bounds of connections.
type connectionLimits struct {
	mysql     int // that have logged in
	limits    wharf.ConnectionLimits
	login     time.Duration // from accept to logged in; for the header of a request
	idle      time.Duration // without a statement
	stall     time.Duration // of a body, or of an answer that is not taken
	header    int64         // bytes, of a request of HTTP
	statement int64         // bytes
}

// queryLimits are the bounds of queries of files.
type queryLimits struct {
	workers      int // 0 is the engine's default
	perUser      int // of these; 0 is the engine's default
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
		usage: "file whose first line becomes root's password at the start, if it is another than the last that a start applied (or set WHARF_ROOT_PASSWORD); until root has a password, only clients on this machine are let in",
		set:   func(c *config, v string) error { c.passwordFile = v; return nil }},
	{name: "key-file", arg: "FILE",
		usage: "file of the key that seals secrets in the catalog: 32 bytes, or these in base64 or hexadecimal; made at the first start; without it, catalog.key in the data folder, which does not do for a server that other machines reach (or set WHARF_KEY)",
		set:   func(c *config, v string) error { c.keyFile = v; return nil }},
	{name: "key-command", arg: "COMMAND",
		usage: "command of the shell that prints this key; run once at the start, for at most 30 seconds",
		set:   func(c *config, v string) error { c.keyCommand = v; return nil }},
	{name: "max-connections", value: "1000", arg: "N",
		usage: "MySQL clients that are logged in at once; 5 more are for users with SUPER",
		set:   func(c *config, v string) (err error) { c.connections.mysql, err = parseCountFrom(v, 1, 100000); return }},
	{name: "max-user-connections", value: "500", arg: "N",
		usage: "connections of one user to all ports, unless ALTER USER … WITH MAX_USER_CONNECTIONS says otherwise, and users without SUPER; 0 is no limit",
		set: func(c *config, v string) (err error) {
			c.connections.limits.PerUser, err = parseCount(v, 100000)
			return
		}},
	{name: "max-address-connections", value: "0", arg: "N",
		usage: "logged in connections from one address, of IPv6 one network of 64 bits, but of users with SUPER; 0 is no limit",
		set: func(c *config, v string) (err error) {
			c.connections.limits.PerAddress, err = parseCount(v, 100000)
			return
		}},
	{name: "login-time", value: "10s", arg: "TIME",
		usage: "how long a MySQL client may take to log in, and an HTTP client to send the header of a request",
		set:   func(c *config, v string) (err error) { c.connections.login, err = parseTime(v); return }},
	{name: "idle-time", value: "8h", arg: "TIME",
		usage: "how long a MySQL connection may be without a statement; wait_timeout of a session sets another time",
		set:   setIdleTime},
	{name: "stall-time", value: "30s", arg: "TIME",
		usage: "how long the body of an HTTP request may stop coming, and an answer may not be taken",
		set:   func(c *config, v string) (err error) { c.connections.stall, err = parseTime(v); return }},
	{name: "max-header-size", value: "16KiB", arg: "SIZE",
		usage: "largest header of an HTTP request, from 4KiB to 1MiB",
		set: func(c *config, v string) (err error) {
			c.connections.header, err = parseSizeWithin(v, 4<<10, 1<<20)
			return
		}},
	{name: "max-statement-size", value: "64MiB", arg: "SIZE",
		usage: "largest packet of MySQL, and so largest statement, from 1MiB to 1GiB: max_allowed_packet",
		set: func(c *config, v string) (err error) {
			c.connections.statement, err = parseSizeWithin(v, 1<<20, 1<<30)
			return
		}},
	{name: "disk-reserve", value: "auto", arg: "SIZE",
		usage: "disk of the data folder that uploads leave free; auto is 64MiB, or an eighth of the disk if that is less",
		set:   setDiskReserve},
	{name: "max-file-size", value: "0", arg: "SIZE",
		usage: "largest file that is taken, such as 500MiB; 0 is no limit",
		set:   func(c *config, v string) (err error) { c.maxFileSize, err = parseSize(v); return }},
	{name: "stage-max-bytes", value: "0", arg: "SIZE",
		usage: "bytes of the files of one internal stage, such as 500GiB; MAX_BYTES of a stage sets less, and more by a user with SUPER; 0 is no limit",
		set:   func(c *config, v string) (err error) { c.stageQuota.Bytes, err = parseSize(v); return }},
	{name: "stage-max-files", value: "0", arg: "N",
		usage: "files of one internal stage; MAX_FILES of a stage sets less, and more by a user with SUPER; 0 is no limit",
		set: func(c *config, v string) error {
			n, err := parseCount(v, math.MaxInt64)
			c.stageQuota.Files = int64(n)
			return err
		}},
	{name: "upload-memory", value: "96MiB", arg: "SIZE",
		usage: "memory that all uploads together may hold; further ones wait",
		set:   func(c *config, v string) (err error) { c.uploadMemory, err = parseMemory(v, 1<<20); return }},
	{name: "max-uploads", value: "0", arg: "N",
		usage: "uploads at once; further ones wait; 0 is as many as the limit of open files and upload-memory allow",
		set:   func(c *config, v string) (err error) { c.maxUploads, err = parseCount(v, 100000); return }},
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
	{name: "query-user-workers", value: "0", arg: "N",
		usage: "queries of files at once of one user without SUPER; 0 is three quarters of query-workers; the last of several is for users with SUPER",
		set:   func(c *config, v string) (err error) { c.query.perUser, err = parseCount(v, 1000); return }},
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
	{name: "require-sandbox", value: "auto", arg: "BOOL",
		usage: "do not start where the kernel cannot confine queries of files; auto does so if other machines reach a port, and else the log warns of what the kernel lacks",
		set:   setRequireSandbox},
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

func setIdleTime(c *config, v string) (err error) {
	if c.connections.idle, err = parseTime(v); err == nil && (c.connections.idle < time.Second || c.connections.idle > 365*24*time.Hour) {
		err = fmt.Errorf("it must be from 1s to a year")
	}
	return err
}

func setDiskReserve(c *config, v string) (err error) {
	if v == "auto" {
		c.diskReserve = 0
		return nil
	}
	if c.diskReserve, err = parseSize(v); err == nil && c.diskReserve < 16<<20 {
		err = fmt.Errorf("it must be auto, or at least 16MiB: the store needs it to remove files")
	}
	return err
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
