package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"wharf"
)

// metrics are what the server counts. Every label is of a bounded set, and none
// is a text of a client but the names of stages, of which there are mostStages.
type metrics struct {
	registry *prometheus.Registry

	requests   *endings
	received   prometheus.Counter
	sent       prometheus.Counter
	statements *endings
	refused    *prometheus.CounterVec
	commits    prometheus.Histogram
	syncTime   prometheus.Histogram
	s3Requests *prometheus.CounterVec
	s3Time     *prometheus.HistogramVec
}

// times are the upper bounds of the buckets of latencies, in seconds.
var times = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}

func newMetrics() *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	counters := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	}
	histograms := func(name, help string, label string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: times}, []string{label})
	}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: newEndings(counters("wharf_http_requests_total", "HTTP requests that ended.", "action", "status"),
			histograms("wharf_http_request_seconds", "Time from the header of an HTTP request to the end of its answer.", "action")),
		received: counter("wharf_http_received_bytes_total", "Bytes of the bodies of HTTP requests."),
		sent:     counter("wharf_http_sent_bytes_total", "Bytes of the bodies of HTTP answers."),
		statements: newEndings(counters("wharf_mysql_statements_total", "SQL statements that ended, by MySQL's error number; 0 is none.", "action", "error"),
			histograms("wharf_mysql_statement_seconds", "Time of a SQL statement, with the sending of its rows.", "action")),
		refused:    counters("wharf_logins_refused_total", "Clients that were not let in: wrong user or password, or not allowed from their address.", "port"),
		commits:    histogram("wharf_store_commit_changes", "Changes of internal stages that one sync of the log made durable.", prometheus.ExponentialBuckets(1, 2, 10)),
		syncTime:   histogram("wharf_store_sync_seconds", "Time to write and sync the log of internal stages.", times),
		s3Requests: counters("wharf_s3_requests_total", "Requests to S3 servers, by the class of the status; none is without an answer.", "operation", "status"),
		s3Time:     histograms("wharf_s3_request_seconds", "Time until an S3 server answered.", "operation"),
	}
	m.registry.MustRegister(m.requests.count, m.requests.took, m.received, m.sent, m.statements.count, m.statements.took, m.refused, m.commits, m.syncTime, m.s3Requests, m.s3Time,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.gauge("wharf_build_info", "Always 1; the version is a label.", prometheus.Labels{"version": version}, func() float64 { return 1 })
	for _, port := range []string{"http", "mysql"} {
		m.refused.WithLabelValues(port)
	}
	return m
}

// gauge registers a value that is asked for at each scrape.
func (m *metrics) gauge(name, help string, labels prometheus.Labels, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
}

// counter registers a count that somebody else keeps.
func (m *metrics) counter(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}

// observe counts an event.
func (m *metrics) observe(e *wharf.Event) {
	if refusesClient(e) {
		m.refused.WithLabelValues(e.Listener).Inc()
	}
	seconds := e.Took.Seconds()
	if e.Listener == "mysql" {
		if e.Action != "login" {
			m.statements.add(e.Action, e.Status, seconds)
		}
		return
	}
	m.requests.add(e.Action, e.Status, seconds)
	m.received.Add(float64(e.Received))
	m.sent.Add(float64(e.Sent))
}

// refusesClient reports whether the event is that a client was not let in.
func refusesClient(e *wharf.Event) bool {
	if e.Listener == "mysql" {
		return e.Action == "login" && e.Err != nil
	}
	return e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden && e.User == ""
}

// committed counts a write of the log.
func (m *metrics) committed(changes int, sync time.Duration) {
	m.commits.Observe(float64(changes))
	m.syncTime.Observe(sync.Seconds())
}

// s3Request counts a request to an S3 server.
func (m *metrics) s3Request(operation string, took time.Duration, status int) {
	class := "none"
	if status >= 100 && status < 600 {
		class = strconv.Itoa(status/100) + "xx"
	} else if status != 0 {
		class = "other"
	}
	if operation == "" {
		operation = "other"
	}
	m.s3Requests.WithLabelValues(operation, class).Inc()
	m.s3Time.WithLabelValues(operation).Observe(took.Seconds())
}

// handler answers with all metrics.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{DisableCompression: true, MaxRequestsInFlight: 4, Timeout: 30 * time.Second})
}

// mostStages is how many stages have metrics of their own: those with the most
// bytes.
const mostStages = 200

// otherStages is the label of all others; no stage can have that name.
const otherStages = "(others)"

// stageMetrics are the files of internal stages.
type stageMetrics struct {
	usage   func() map[wharf.StageID]wharf.Usage
	catalog interface {
		StageByID(context.Context, wharf.StageID) (wharf.Stage, error)
	}
	files, bytes *prometheus.Desc
}

func newStageMetrics(usage func() map[wharf.StageID]wharf.Usage, catalog wharf.Catalog) *stageMetrics {
	return &stageMetrics{
		usage: usage, catalog: catalog,
		files: prometheus.NewDesc("wharf_stage_files", "Files of an internal stage.", []string{"stage"}, nil),
		bytes: prometheus.NewDesc("wharf_stage_bytes", "Bytes of the files of an internal stage.", []string{"stage"}, nil),
	}
}

// Describe implements [prometheus.Collector].
func (s *stageMetrics) Describe(to chan<- *prometheus.Desc) { to <- s.files; to <- s.bytes }

// Collect implements [prometheus.Collector].
func (s *stageMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	all := s.usage()
	var rest wharf.Usage
	// Two IDs can have one label: each user's own stage has the name "~".
	shown := map[string]wharf.Usage{}
	for i, id := range largest(all) {
		n, name := all[id], otherStages
		if i < mostStages {
			// One that was dropped and not swept yet is among the others.
			if stage, err := s.catalog.StageByID(ctx, id); err == nil {
				name = string(stage.Name)
			}
		}
		if name == otherStages {
			rest.Files, rest.Bytes = rest.Files+n.Files, rest.Bytes+n.Bytes
			continue
		}
		sum := shown[name]
		shown[name] = wharf.Usage{Files: sum.Files + n.Files, Bytes: sum.Bytes + n.Bytes}
	}
	shown[otherStages] = rest
	for name, n := range shown {
		to <- prometheus.MustNewConstMetric(s.files, prometheus.GaugeValue, float64(n.Files), name)
		to <- prometheus.MustNewConstMetric(s.bytes, prometheus.GaugeValue, float64(n.Bytes), name)
	}
}

// metricsServer is the address of the metrics alone.
type metricsServer struct{ http *http.Server }

// newMetricsServer answers GET /metrics, and health as it says.
func newMetricsServer(m *metrics, health http.Handler, log *slog.Logger) *metricsServer {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.handler())
	mux.Handle("GET /v1/health/", health)
	return &metricsServer{&http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
}

// Serve implements listener.
func (s *metricsServer) Serve(ln net.Listener) error {
	if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown implements listener.
func (s *metricsServer) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// largest returns the stages, those with the most bytes first.
func largest(all map[wharf.StageID]wharf.Usage) []wharf.StageID {
	ids := slices.Collect(maps.Keys(all))
	slices.SortFunc(ids, func(a, b wharf.StageID) int {
		return cmp.Or(cmp.Compare(all[b].Bytes, all[a].Bytes), bytes.Compare(a[:], b[:]))
	})
	return ids
}
