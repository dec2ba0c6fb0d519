package main

import (
	"wharf"
	"wharf/server"
	"wharf/sql/exec"
	"wharf/storage/cache"
	"wharf/storage/local"
)

// watchFiles registers what internal stages hold.
func (m *metrics) watchFiles(files *local.Engine, catalog wharf.Catalog) {
	m.gauge("wharf_store_queue", "Changes of internal stages that wait to be written.", nil, func() float64 { return float64(files.Queued()) })
	m.registry.MustRegister(newStageMetrics(files.Usage, catalog))
}

// watchService registers what transfers hold, and the cache, which may be nil.
func (m *metrics) watchService(s *wharf.Service, c *cache.Cache) {
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

// watchConnections registers the connections, and what their sessions hold.
func (m *metrics) watchConnections(pool *wharf.ConnectionPool, mysql *server.Server, memory *exec.Memory) {
	m.gauge("wharf_connections", "Open connections of clients to all ports.", nil, func() float64 { return float64(pool.Open()) })
	m.counter("wharf_connections_evicted_total", "Connections that were closed to make room for others.", func() float64 { return float64(pool.Evicted()) })
	m.gauge("wharf_mysql_connections", "MySQL connections that have logged in.", nil, func() float64 { return float64(mysql.LoggedIn()) })
	m.gauge("wharf_mysql_memory_bytes", "Memory that MySQL sessions hold of --sql-memory.", nil, func() float64 { return float64(memory.Used()) })
	m.counter("wharf_mysql_accepted_total", "MySQL connections that were accepted.", func() float64 { return float64(mysql.Counters().Connections) })
	m.counter("wharf_mysql_received_bytes_total", "Bytes of packets from MySQL clients.", func() float64 { return float64(mysql.Counters().Received) })
	m.counter("wharf_mysql_sent_bytes_total", "Bytes of packets to MySQL clients.", func() float64 { return float64(mysql.Counters().Sent) })
}
