package main

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// endings counts what ended, by its action and a number that says how, and the time
// it took by its action. prometheus finds the metrics of some labels by hashing their
// texts, which for two of them cost a small download a fortieth of its time; here they
// are kept by action and number, of which there are few.
type endings struct {
	count *prometheus.CounterVec
	took  *prometheus.HistogramVec

	mu  sync.RWMutex // guards all
	all map[ending]counted
}

type ending struct {
	action string
	number int
}

type counted struct {
	count prometheus.Counter
	took  prometheus.Observer
}

func newEndings(count *prometheus.CounterVec, took *prometheus.HistogramVec) *endings {
	return &endings{count: count, took: took, all: map[ending]counted{}}
}

// add counts one.
func (e *endings) add(action string, number int, seconds float64) {
	e.mu.RLock()
	c, known := e.all[ending{action, number}]
	e.mu.RUnlock()
	if !known {
		c = counted{e.count.WithLabelValues(action, strconv.Itoa(number)), e.took.WithLabelValues(action)}
		e.mu.Lock()
		e.all[ending{action, number}] = c
		e.mu.Unlock()
	}
	c.count.Inc()
	c.took.Observe(seconds)
}
