//go:build linux && !noduck

package duck

/*
#include <stddef.h>

// DuckDB's own jemalloc.
int duckdb_je_mallctl(const char *name, void *old, size_t *oldlen, void *now, size_t nowlen);

// 4096 stands for all arenas.
static void wharf_purge(void) { duckdb_je_mallctl("arena.4096.purge", NULL, NULL, NULL, 0); }
*/
import "C"

import "runtime/debug"

// giveBack gives the system what a worker has freed: by itself, DuckDB's allocator
// keeps for seconds what a statement had.
func giveBack() {
	C.wharf_purge()
	debug.FreeOSMemory()
}
