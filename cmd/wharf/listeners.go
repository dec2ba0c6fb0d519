package main

import (
	"wharf"
	"wharf/httpapi"
	"wharf/meta/auth"
	"wharf/server"
	"wharf/sql/exec"
	"wharf/sql/rowexec"
)

// certificateFile is where in the data folder the server's own TLS certificate
// is kept.
const certificateFile = "tls.pem"

// openListeners makes both halves over the service. Neither knows the other.
func (a *app) openListeners(cfg *config, pool *wharf.ConnectionPool) error {
	if err := a.openRoot(cfg); err != nil {
		return err
	}
	tls, err := a.openTLS(cfg)
	if err != nil {
		return err
	}
	gate := auth.NewGate(auth.GateOptions{Users: a.users, DecoyKey: a.decoyKey})
	memory := exec.NewMemory(cfg.sqlMemory)
	executor := exec.New(exec.Options{
		Service: a.service, Relations: rowexec.Engine{}, Files: a.engine, Logger: a.log,
		Version:     exec.DefaultVersion + "-" + version,
		Port:        a.port,
		TLS:         tls != nil,
		ErrorNumber: server.ErrorNumber,
		MaxPacket:   cfg.connections.statement, MaxConnections: int64(cfg.connections.mysql),
		MaxUserConnections: int64(cfg.connections.limits.PerUser), WaitTimeout: cfg.connections.idle,
		Memory: memory, SessionMemory: cfg.sessionMemory,
	})
	mysql := server.New(server.Options{
		NewSession: func(c exec.Client) server.Session { return executor.NewSession(c) },
		Gate:       gate,
		Version:    exec.DefaultVersion + "-" + version,
		TLS:        tls,
		RequireTLS: cfg.requireTLS,
		Observe:    a.observe,
		Logger:     a.log,
		Pool:       pool,
		Memory:     memory,

		MaxConnections: cfg.connections.mysql,
		MaxPacket:      int(cfg.connections.statement),
		LoginTimeout:   cfg.connections.login,
	})
	a.mysql = mysql
	a.warnOfOrigins(cfg, gate.RootPasswordSet())
	a.http = httpapi.New(httpapi.Options{
		Service: a.service,
		Auth:    gate,
		Signer:  a.signer,
		Observe: a.observe,
		Metrics: a.metrics.handler(),
		Logger:  a.log,
		Pool:    pool,
		Version: version,
		Hosts:   publicHosts(cfg),
		Trusted: cfg.trustedProxies,
		Origins: cfg.corsOrigins,

		MaxHeaderBytes:    int(cfg.connections.header),
		ReadHeaderTimeout: cfg.connections.login,
		StallTimeout:      cfg.connections.stall,
	})
	a.metrics.watchConnections(pool, mysql, memory)
	if a.audit != nil {
		a.metrics.counter("wharf_audit_lines_lost_total", "Lines of the audit log that could not be written.", func() float64 { return float64(a.audit.lost.Load()) })
	}
	a.addPorts(cfg, tls)
	a.warnOfPlainHTTP()
	return nil
}

// warnOfPlainHTTP says in the log that other machines may send their passwords as
// they are.
func (a *app) warnOfPlainHTTP() {
	for _, p := range a.ports {
		if at := addrPort(p.ln); p.name == "http" && !at.Addr().IsLoopback() {
			a.log.Warn("passwords and tokens cross the network as they are over the plain HTTP port, which other machines reach; "+
				"--require-tls with --https-addr closes it", "addr", at)
		}
	}
}

// observe is told of each event of both listeners.
func (a *app) observe(e *wharf.Event) {
	a.metrics.observe(e)
	a.audit.record(e)
}

// port is the one that the MySQL half is on, for @@port.
func (a *app) port() int { return int(addrPort(a.portOf("mysql").ln).Port()) }
