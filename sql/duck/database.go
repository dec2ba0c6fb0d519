//go:build linux && !noduck

package duck

import (
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"

	duckdb "github.com/duckdb/duckdb-go-bindings"
)

// prelude makes what translated queries call.
//
//go:embed prelude.sql
var prelude string

// database is the worker's DuckDB: in memory, and locked.
type database struct {
	db       duckdb.Database
	unlocked bool // see limits
}

func openDatabase(l limits) (*database, error) {
	var config duckdb.Config
	if duckdb.CreateConfig(&config) != duckdb.StateSuccess {
		return nil, errors.New("duckdb: no configuration")
	}
	defer duckdb.DestroyConfig(&config)
	for name, value := range map[string]string{
		"memory_limit":                 strconv.FormatInt(l.Memory, 10) + "B",
		"threads":                      strconv.Itoa(l.Threads),
		"temp_directory":               l.Temp,
		"max_temp_directory_size":      strconv.FormatInt(l.TempSpace, 10) + "B",
		"autoinstall_known_extensions": "false",
		"autoload_known_extensions":    "false",
		"allow_community_extensions":   "false",
		// A statement may replace the file under a path that the one before read.
		"enable_external_file_cache": "false",
	} {
		if duckdb.SetConfig(config, name, value) != duckdb.StateSuccess {
			return nil, fmt.Errorf("duckdb: there is no setting %s", name)
		}
	}
	d := &database{unlocked: l.Unlocked}
	var reason string
	if duckdb.OpenExt(":memory:", &d.db, config, &reason) != duckdb.StateSuccess {
		return nil, errors.New("duckdb: " + reason)
	}
	conn, err := d.connect()
	if err != nil {
		return nil, err
	}
	defer conn.close()
	if err := conn.registerScalars(); err != nil {
		return nil, err
	}
	if err := conn.exec(prelude); err != nil {
		return nil, err
	}
	// A path of a Parquet file tells its version, or is not used again.
	settings := []string{"SET TimeZone = 'UTC'", "SET GLOBAL parquet_metadata_cache = true"}
	if !l.Unlocked {
		settings = append(settings,
			"SET allowed_directories = ["+quoteString(l.Files)+", "+quoteString(l.Temp)+"]",
			"SET enable_external_access = false",
			"SET lock_configuration = true")
	}
	for _, set := range settings {
		if err := conn.exec(set); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// connection is one statement's session. What it makes, such as the tables of
// its relations, goes with it.
type connection struct {
	conn     duckdb.Connection
	unlocked bool
}

func (d *database) connect() (*connection, error) {
	c := &connection{unlocked: d.unlocked}
	if duckdb.Connect(d.db, &c.conn) != duckdb.StateSuccess {
		return nil, errors.New("duckdb: no connection")
	}
	return c, nil
}

func (c *connection) close() { duckdb.Disconnect(&c.conn) }

// exec runs a statement whose rows are not wanted.
func (c *connection) exec(text string) error {
	var result duckdb.Result
	defer duckdb.DestroyResult(&result)
	if duckdb.Query(c.conn, text, &result) != duckdb.StateSuccess {
		return failed(duckdb.ResultError(&result))
	}
	return nil
}

// failed makes a failure of DuckDB's text, "Binder Error: and why".
func failed(text string) failure {
	kind, rest, found := strings.Cut(text, ": ")
	if !found || !strings.HasSuffix(kind, "Error") {
		return failure{Kind: "Error", Text: text}
	}
	return failure{Kind: kind, Text: rest}
}

// quoteString and quoteName write a string and a name of DuckDB's SQL.
func quoteString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
