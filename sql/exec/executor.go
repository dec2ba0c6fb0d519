package exec

import (
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"wharf"
	"wharf/sql"
	"wharf/sql/eval"
)

// Options are what an Executor is made of. Service is needed; the rest has
// defaults.
type Options struct {
	Service   *wharf.Service
	Relations sql.Engine   // answers queries whose sources the server holds; nil refuses them
	Files     sql.Engine   // answers those of files; nil refuses them
	Version   string       // what VERSION() says; "" is DefaultVersion
	Port      func() int   // the MySQL port, for @@port; nil is 0
	Logger    *slog.Logger // nil discards
	Now       func() time.Time

	// MaxPacket is the most bytes that the listener takes in one packet, for
	// @@max_allowed_packet; 0 is DefaultMaxPacket.
	MaxPacket int64

	// MaxConnections is how many connections the listener takes, for
	// @@max_connections; 0 is DefaultMaxConnections.
	MaxConnections int64

	// MaxUserConnections is how many connections a user may have, for
	// @@max_user_connections; 0 is no limit.
	MaxUserConnections int64

	// WaitTimeout is how long a client may be silent, unless its session says
	// otherwise: @@wait_timeout, in whole seconds; 0 is MySQL's 8 hours.
	WaitTimeout time.Duration

	// TLS is set where the listener offers TLS, for @@have_ssl.
	TLS bool

	// ErrorNumber gives the listener's number for an error, for SHOW
	// WARNINGS; nil gives 1105 to every error.
	ErrorNumber func(error) uint16

	// Memory bounds what all sessions together hold; nil is DefaultMemory of
	// its own. SessionMemory is the most bytes of one; 0 is
	// DefaultSessionMemory.
	Memory        *Memory
	SessionMemory int64
}

// Memory is a bound of bytes that sessions share.
type Memory = eval.Memory

// NewMemory returns the bound of all sessions together, in bytes.
func NewMemory(most int64) *Memory { return eval.NewMemory(most) }

// mysqlVersion is the MySQL whose behaviour clients may count on.
const mysqlVersion = "8.0.36"

// The defaults of Options.
const (
	DefaultVersion = mysqlVersion + "-wharf"
	// DefaultMaxPacket is the most bytes of a packet, and so of a statement.
	DefaultMaxPacket = 64 << 20
	// DefaultMaxConnections is how many clients may be logged in at once.
	DefaultMaxConnections = 1000

	DefaultMemory        = 256 << 20
	DefaultSessionMemory = 128 << 20
)

// freeMemory is what every session may hold beside the memory of all, in bytes,
// so that small statements run also when that is used up.
const freeMemory = 32 << 10

// DefaultDatabase is the database that a Wharf has beside its stages and
// information_schema, which tells of them. It has no tables.
const DefaultDatabase = "default"

// Executor makes sessions. It is safe for concurrent use, and holds what all
// sessions share: the tables of functions and variables, the global values of
// variables, and counters.
type Executor struct {
	service      *wharf.Service
	relations    sql.Engine // may be nil
	files        sql.Engine // may be nil
	version      string
	port         func() int
	log          *slog.Logger
	now          func() time.Time
	maxPacket    int64
	maxConns     int64
	maxUserConns int64
	tls          bool
	errorNumber  func(error) uint16
	memory       *Memory
	sessionMost  int64

	functions map[string]eval.Function
	variables map[string]*variable
	shows     map[string]show

	infoTables  []infoTable
	fileColumns columnCache

	statements statementCache
	locks      userLocks

	status   []statusVariable
	commands map[string]*atomic.Uint64

	started       time.Time
	queries, slow atomic.Uint64

	mu      sync.RWMutex
	globals map[string]wharf.Value // guarded by mu: values that SET GLOBAL changed
}

// New puts an Executor together. It does no I/O.
func New(o Options) *Executor {
	e := &Executor{
		service:     o.Service,
		relations:   o.Relations,
		files:       o.Files,
		version:     o.Version,
		port:        o.Port,
		log:         o.Logger,
		now:         o.Now,
		maxPacket:   o.MaxPacket,
		maxConns:    o.MaxConnections,
		tls:         o.TLS,
		errorNumber: o.ErrorNumber,
		memory:      o.Memory,
		sessionMost: o.SessionMemory,
		globals:     map[string]wharf.Value{},
	}
	e.applyDefaults()
	e.functions = eval.FunctionTable()
	maps.Copy(e.functions, sessionFunctions())
	maps.Copy(e.functions, lockFunctions())
	e.status = statusList()
	e.commands = commandCounters(e.status)
	e.maxUserConns = o.MaxUserConnections
	e.variables = e.variableTable()
	if seconds := int64(o.WaitTimeout / time.Second); seconds > 0 {
		e.variables["wait_timeout"].def, e.variables["interactive_timeout"].def = wharf.Int(seconds), wharf.Int(seconds)
	}
	e.shows = showTable()
	e.infoTables = infoTables()
	e.started = e.now()
	return e
}

func (e *Executor) applyDefaults() {
	if e.version == "" {
		e.version = DefaultVersion
	}
	if e.port == nil {
		e.port = func() int { return 0 }
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.now == nil {
		e.now = time.Now
	}
	if e.maxPacket <= 0 {
		e.maxPacket = DefaultMaxPacket
	}
	if e.maxConns <= 0 {
		e.maxConns = DefaultMaxConnections
	}
	if e.memory == nil {
		e.memory = NewMemory(DefaultMemory)
	}
	if e.sessionMost <= 0 {
		e.sessionMost = DefaultSessionMemory
	}
	if e.errorNumber == nil {
		e.errorNumber = func(error) uint16 { return 1105 }
	}
}

// NewSession makes the session of one connection.
func (e *Executor) NewSession(c Client) *Session {
	if c.Sessions == nil {
		c.Sessions = noSessions{}
	}
	if c.Counters == nil {
		c.Counters = func() Counters { return Counters{} }
	}
	s := &Session{executor: e, client: c, login: c.Principal, memory: e.memory.Session(e.sessionMost, freeMemory)}
	s.statement.Memory = s.memory
	s.start()
	return s
}
