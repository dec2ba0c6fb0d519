package main

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"wharf"
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
func publicURL(cfg *config, http net.Addr) string {
	if cfg.publicURL != nil {
		return strings.TrimRight(cfg.publicURL.String(), "/")
	}
	tcp, ok := http.(*net.TCPAddr)
	if !ok {
		return "http://" + http.String()
	}
	host := tcp.IP.String()
	if tcp.IP.IsUnspecified() || tcp.IP.Equal(net.IPv4(127, 0, 0, 1)) || tcp.IP.Equal(net.IPv6loopback) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}

// publicHosts is the names under which requests may address the HTTP port.
func publicHosts(cfg *config) []string {
	if cfg.publicURL == nil {
		return nil
	}
	return []string{cfg.publicURL.Hostname()}
}
