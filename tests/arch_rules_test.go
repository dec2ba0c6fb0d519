package tests

// packageRule is a package and what it may import of the module. A package
// without a rule of its own comes under that of the folder above only where that
// says so by deep.
type packageRule struct {
	path  string   // below the module; "" is the root package
	may   []string // packages that it may import; "*" is all
	tests []string // packages that its tests may import besides
	deep  bool     // packages below it are part of it
	why   string
}

// library is a third party module and the packages that own its use.
type library struct {
	prefix string   // of its import paths
	owners []string // packages that may import it, and may show its types
	tests  []string // packages whose tests may import it besides
}

// rules are what checkArchitecture holds a module to.
type rules struct {
	module        string
	packages      []packageRule
	libraries     []library
	everyTest     []string // packages that the tests of every package may import
	fileLines     int
	functionLines int
}

const (
	whyAdapters = "listeners and stores know the vocabulary, not each other: what they share is wharf.Service"
	whyStore    = "a store knows the contract that it fulfils, and no other store"
)

// architecture is who may import whom.
var architecture = rules{
	module: "wharf",
	packages: []packageRule{
		{path: "", why: "the vocabulary is what all others import, so it imports none of them"},
		{path: "sql", may: []string{""}, why: "the language is pure: no I/O, no execution"},
		{path: "sql/eval", may: []string{"", "sql"}, why: "evaluation is pure: it knows no session and no engine"},
		{path: "sql/rowexec", may: []string{"", "sql", "sql/eval"}, tests: []string{"sql/enginetest"}, why: "an engine is plugged in by cmd/wharf"},
		{path: "sql/enginetest", may: []string{"", "sql", "sql/eval"}, why: "the suite holds every engine to what MySQL says, so it knows none"},
		{path: "sql/exec", may: []string{"", "sql", "sql/eval"}, tests: []string{"meta", "sql/rowexec"}, why: "it declares what it needs of engines and sessions, and is given them"},
		{path: "sql/textfile", why: "what reads a file's text knows no query and no server"},
		{path: "sql/duck", may: []string{"", "sql", "sql/textfile"}, tests: []string{"sql/eval", "sql/enginetest"}, why: "an engine is plugged in by cmd/wharf"},
		{path: "meta", may: []string{""}, why: "the catalog knows stages, not who asks for them or where their files are"},
		{path: "meta/memory", may: []string{""}, why: "the reference catalog knows the contract alone"},
		{path: "meta/metatest", may: []string{""}, why: "the suite holds every catalog to the contract, so it knows none"},
		{path: "meta/auth", may: []string{""}, why: "checks of passwords are pure"},
		{path: "storage", may: []string{"", "storage/local", "storage/s3", "storage/dir", "storage/memory", "storage/cache"}, why: "it chooses among its backends"},
		{path: "storage/local", may: []string{""}, tests: []string{"storage/local/fsck"}, why: whyStore},
		{path: "storage/cache", may: []string{""}, why: "it keeps bytes of any store, and is given the store"},
		{path: "storage/local/fsck", may: []string{"", "storage/local"}, why: "a check reads what the local store writes, by its decoder"},
		{path: "storage/s3", may: []string{""}, why: whyStore},
		{path: "storage/dir", may: []string{""}, why: whyStore},
		{path: "storage/memory", may: []string{""}, why: whyStore},
		{path: "storage/storagetest", may: []string{""}, why: "the suite holds every store to the contract, so it knows none"},
		{path: "server", may: []string{"", "sql/exec", "meta/auth"}, tests: []string{"sql"}, why: whyAdapters},
		{path: "httpapi", may: []string{"", "meta/auth"}, why: whyAdapters},
		{path: "cmd/wharf", may: []string{"*"}},
		{path: "cmd/wharf/client", may: []string{"", "sql"}, why: "the client commands know of the server what its clients know"},
		{path: "tests", deep: true, why: "the black box tests know of Wharf what a user knows"},
	},
	everyTest: []string{"storage/storagetest", "storage/memory", "meta/metatest", "meta/memory"},
	libraries: []library{
		{prefix: "github.com/pingcap/tidb/pkg/parser", owners: []string{"sql", "sql/duck", "meta/auth"}},
		{prefix: "github.com/duckdb", owners: []string{"sql/duck", "tests"}}, // there it is a library, to compare with
		{prefix: "go.etcd.io/bbolt", owners: []string{"meta"}},
		{prefix: "github.com/cockroachdb/pebble", owners: []string{"storage/local"}},
		{prefix: "github.com/aws", owners: []string{"storage/s3", "tests"}},               // there it is a client, to compare with
		{prefix: "github.com/go-mysql-org/go-mysql", owners: []string{"server", "tests"}}, // there it is a client, which shows the definitions of columns
		{prefix: "github.com/santhosh-tekuri/jsonschema", owners: []string{"sql/eval"}},
		{prefix: "github.com/labstack", owners: []string{"httpapi"}},
		{prefix: "github.com/go-sql-driver/mysql", owners: []string{"cmd/wharf/client", "tests"}, tests: []string{"server"}},
		{prefix: "github.com/BurntSushi/toml", owners: []string{"cmd/wharf"}},
		{prefix: "github.com/pires/go-proxyproto", owners: []string{"cmd/wharf"}},
		{prefix: "github.com/prometheus", owners: []string{"cmd/wharf"}},
		{prefix: "gopkg.in/natefinch/lumberjack", owners: []string{"cmd/wharf"}},
	},
	fileLines:     600,
	functionLines: 80,
}
