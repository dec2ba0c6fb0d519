// Command bench runs the same load against Wharf and its peers on this
// machine, in turn and several rounds, and writes a page of tables: nginx with
// DAV, versitygw and MariaDB, each real, each on the loopback address; Wharf
// of an earlier commit; and DuckDB called as a library, for queries of files.
//
// nginx and versitygw answer before their bytes are on the disk; Wharf syncs
// first. The load comes from this process and shares the processors with the
// servers, so figures are to be read as ratios within one run.
//
// The loads are in groups, each with a section of the page. A run of some
// groups (-only) leaves the sections of the others as they were.
package main
