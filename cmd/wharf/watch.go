package main

import (
	"wharf"
	"wharf/server"
	"wharf/sql"
	"wharf/sql/exec"
	"wharf/storage/cache"
	"wharf/storage/local"
)

// watchFiles registers what internal stages hold.
func (m *metrics) watchFiles(files *local.Engine, catalog wharf.Catalog) {
	m.gauge("wharf_store_queue", "Changes of internal stages that wait to be written.", nil, func() float64 { return float64(files.Queued()) })
	m.registry.MustRegister(newStageMetrics(files.Usage, catalog))
}

// watchService registers what transfers hold, the cache, which may be nil, and the
// workers of an engine.
func (m *metrics) watchService(s *wharf.Service, c *cache.Cache, engine sql.Engine) {
	m.watchWorkers(engine)
	m.gauge("wharf_upload_memory_bytes", "Memory that uploads hold of --upload-memory.", nil, func() float64 {
		uploads, _ := s.Transfers()
		return float64(uploads.Held)
	})
	m.gauge("wharf_uploads_waiting", "Uploads that wait for memory.", nil, func() float64 {
		uploads, _ := s.Transfers()
		return float64(uploads.Waiting)
	})
	m.gauge("wharf_downloads", "Downloads that are being sent; a list counts as four.", nil, func() float64 {
		_, downloads := s.Transfers()
		return float64(downloads.Held)
	})
	m.gauge("wharf_downloads_waiting", "Downloads that wait for their turn.", nil, func() float64 {
		_, downloads := s.Transfers()
		return float64(downloads.Waiting)
	})
	if c != nil {
		m.gauge("wharf_cache_bytes", "Disk that the cache of files on S3 takes.", nil, func() float64 { return float64(c.Stats().Bytes) })
		m.counter("wharf_cache_asked_bytes_total", "Bytes of files on S3 that queries asked for.", func() float64 { return float64(c.Stats().Asked) })
		m.counter("wharf_cache_fetched_bytes_total", "Bytes of these that came from S3.", func() float64 { return float64(c.Stats().Fetched) })
	}
}

// watchWorkers registers the processes that run queries of files; a build without
// them has none.
func (m *metrics) watchWorkers(engine sql.Engine) {
	workers, ok := engine.(interface{ Stats() sql.WorkerStats })
	if !ok {
		return
	}
	for _, g := range []struct {
		name, help string
		value      func(sql.WorkerStats) int
	}{
		{"wharf_query_workers_limit", "Queries of files that may run at once.", func(s sql.WorkerStats) int { return s.Most }},
		{"wharf_query_workers_busy", "Queries of files that run.", func(s sql.WorkerStats) int { return s.Running }},
		{"wharf_query_workers_waiting", "Queries of files that wait for their turn.", func(s sql.WorkerStats) int { return s.Waiting }},
		{"wharf_query_workers", "Processes for queries of files, also idle ones.", func(s sql.WorkerStats) int { return s.Alive }},
	} {
		m.gauge(g.name, g.help, nil, func() float64 { return float64(g.value(workers.Stats())) })
	}
	for _, c := range []struct {
		name, help string
		value      func(sql.WorkerStats) uint64
	}{
		{"wharf_query_workers_started_total", "Processes for queries of files that were started.", func(s sql.WorkerStats) uint64 { return s.Started }},
		{"wharf_query_workers_killed_total", "Such processes that were killed because their query was to end.", func(s sql.WorkerStats) uint64 { return s.Killed }},
		{"wharf_query_workers_crashed_total", "Such processes that ended by themselves.", func(s sql.WorkerStats) uint64 { return s.Crashed }},
		{"wharf_query_workers_refused_total", "Queries of files that got no turn within --query-wait.", func(s sql.WorkerStats) uint64 { return s.Refused }},
	} {
		m.counter(c.name, c.help, func() float64 { return float64(c.value(workers.Stats())) })
	}
}

// watchConnections registers the connections, and what their sessions hold.
func (m *metrics) watchConnections(pool *wharf.ConnectionPool, mysql *server.Server, memory *exec.Memory) {
	m.gauge("wharf_connections", "Open connections of clients to all ports.", nil, func() float64 { return float64(pool.Open()) })
	m.counter("wharf_connections_evicted_total", "Connections that were closed to make room for others.", func() float64 { return float64(pool.Evicted()) })
	m.counter("wharf_connections_refused_total", "Connections that were refused because their user or address had as many as it may.", func() float64 { return float64(pool.Refused()) })
	m.gauge("wharf_mysql_connections", "MySQL connections that have logged in.", nil, func() float64 { return float64(mysql.LoggedIn()) })
	m.gauge("wharf_mysql_memory_bytes", "Memory that MySQL sessions hold of --sql-memory.", nil, func() float64 { return float64(memory.Used()) })
	m.counter("wharf_mysql_accepted_total", "MySQL connections that were accepted.", func() float64 { return float64(mysql.Counters().Connections) })
	m.counter("wharf_mysql_received_bytes_total", "Bytes of packets from MySQL clients.", func() float64 { return float64(mysql.Counters().Received) })
	m.counter("wharf_mysql_sent_bytes_total", "Bytes of packets to MySQL clients.", func() float64 { return float64(mysql.Counters().Sent) })
}
