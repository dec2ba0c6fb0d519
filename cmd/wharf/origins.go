package main

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wharf"
	"wharf/httpapi"
)

func setPublicURL(c *config, v string) error {
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return errors.New("it must be like https://stage.example.com, without a user and without a query")
	}
	if !wharf.ValidPort(u) {
		return errors.New("its port must be a number from 1 to 65535")
	}
	c.publicURL = u
	return nil
}

// publicURL is the address that presigned URLs start with, without a '/' at
// its end: what --public-url says, else the HTTP port as it is reached from
// this machine.
func publicURL(cfg *config, scheme string, at net.Addr) string {
	if cfg.publicURL != nil {
		return strings.TrimRight(cfg.publicURL.String(), "/")
	}
	tcp, ok := at.(*net.TCPAddr)
	if !ok {
		return scheme + "://" + at.String()
	}
	host := tcp.IP.String()
	if tcp.IP.IsUnspecified() || tcp.IP.Equal(net.IPv4(127, 0, 0, 1)) || tcp.IP.Equal(net.IPv6loopback) {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}

// publicURL is the one of the HTTP port, or of HTTPS if that is the only one.
func (a *app) publicURL(cfg *config) string {
	if p := a.portOf("http"); p != nil {
		return publicURL(cfg, "http", p.ln.Addr())
	}
	return publicURL(cfg, "https", a.portOf("https").ln.Addr())
}

// publicHosts is the names under which requests may address the HTTP port.
func publicHosts(cfg *config) []string {
	if cfg.publicURL == nil {
		return nil
	}
	return []string{cfg.publicURL.Hostname()}
}

// setCORSOrigins takes origins, separated by commas.
func setCORSOrigins(c *config, v string) error {
	c.corsOrigins = nil
	if v == "" {
		return nil
	}
	for item := range strings.SplitSeq(v, ",") {
		origin, err := httpapi.ParseOrigin(strings.TrimSpace(item))
		if err != nil {
			return errors.New(wharf.MessageOf(err))
		}
		c.corsOrigins = append(c.corsOrigins, origin)
	}
	return nil
}

// warnOfOrigins says in the log that any page can use the server: without a
// password, it then takes no more than a browser on this machine that opens it.
func (a *app) warnOfOrigins(cfg *config, hasPassword bool) {
	if hasPassword {
		return
	}
	for _, origin := range []string{"*", "null"} {
		if slices.Contains(cfg.corsOrigins, origin) {
			a.log.Warn("root has no password, and --cors-origin lets any web page that a browser on this machine opens read, write and delete the files of all stages", "origin", origin)
		}
	}
}
