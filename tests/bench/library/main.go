//go:build !noduck

package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go-bindings"
)

func main() {
	memory := flag.String("memory", "512MiB", "DuckDB's memory_limit")
	threads := flag.Int("threads", 1, "DuckDB's threads")
	temp := flag.String("temp", "", "DuckDB's temp_directory")
	flag.Parse()
	if err := serve(map[string]string{"memory_limit": *memory, "threads": strconv.Itoa(*threads), "temp_directory": *temp}); err != nil {
		fmt.Fprintln(os.Stderr, "library:", err)
		os.Exit(1)
	}
}

// serve runs the statements of standard input on one connection.
func serve(settings map[string]string) error {
	var config duckdb.Config
	if duckdb.CreateConfig(&config) != duckdb.StateSuccess {
		return errors.New("no configuration")
	}
	defer duckdb.DestroyConfig(&config)
	for name, value := range settings {
		if duckdb.SetConfig(config, name, value) != duckdb.StateSuccess {
			return fmt.Errorf("there is no setting %s", name)
		}
	}
	var db duckdb.Database
	var reason string
	if duckdb.OpenExt(":memory:", &db, config, &reason) != duckdb.StateSuccess {
		return errors.New(reason)
	}
	defer duckdb.Close(&db)
	var conn duckdb.Connection
	if duckdb.Connect(db, &conn) != duckdb.StateSuccess {
		return errors.New("no connection")
	}
	defer duckdb.Disconnect(&conn)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		from := time.Now()
		rows, err := run(conn, lines.Text())
		if err != nil {
			fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Println("ok", rows, time.Since(from).Nanoseconds())
	}
	return lines.Err()
}

// run runs a statement and fetches all chunks of its rows.
func run(conn duckdb.Connection, text string) (rows int, err error) {
	var stmt duckdb.PreparedStatement
	defer duckdb.DestroyPrepare(&stmt)
	if duckdb.Prepare(conn, text, &stmt) != duckdb.StateSuccess {
		return 0, errors.New(duckdb.PrepareError(stmt))
	}
	var result duckdb.Result
	defer duckdb.DestroyResult(&result)
	if duckdb.ExecutePreparedStreaming(stmt, &result) != duckdb.StateSuccess {
		return 0, errors.New(duckdb.ResultError(&result))
	}
	for {
		chunk := duckdb.FetchChunk(result)
		if chunk.Ptr == nil {
			break
		}
		rows += int(duckdb.DataChunkGetSize(chunk))
		duckdb.DestroyDataChunk(&chunk)
	}
	if text := duckdb.ResultError(&result); text != "" {
		return 0, errors.New(text)
	}
	return rows, nil
}
