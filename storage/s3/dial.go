package s3

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// reachDialer makes connections to the addresses that stages may use. It looks at
// each address that it is about to connect to, so that a name's other answer of
// later does not help. A connection that cannot be made takes all the time
// allowed, whatever the reason: how long it takes does not tell a closed port
// from a refused address or a name that does not exist.
type reachDialer struct {
	net   net.Dialer
	reach Reach
	self  self
	wait  time.Duration
}

// unreachableError says that no connection could be made. The cause is for the
// log only.
type unreachableError struct{ cause error }

func (e *unreachableError) Error() string { return "no connection: " + e.cause.Error() }
func (e *unreachableError) Unwrap() error { return e.cause }

// refusedError says that the settings do not allow a connection.
type refusedError struct{}

func (refusedError) Error() string { return "--s3-allow does not list the address" }

func newDialer(o Options) *reachDialer {
	return &reachDialer{
		net:   net.Dialer{KeepAlive: 30 * time.Second, Resolver: o.Resolver},
		reach: o.Reach.with(o.Endpoint), self: o.Self, wait: o.ConnectTimeout,
	}
}

// redialPause is the pause between two attempts to connect.
const redialPause = 100 * time.Millisecond

// DialContext connects to a host and port. It tries again while there is time,
// for a server that is being restarted.
func (d *reachDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.wait)
	defer cancel()
	dialer := d.net
	dialer.Control = d.control(address)
	var cause error
	for {
		conn, err := dialer.DialContext(ctx, network, address)
		if err == nil {
			return conn, nil
		}
		if isSelf(err) {
			return nil, err
		}
		if cause == nil || ctx.Err() == nil {
			cause = err
		}
		select {
		case <-ctx.Done():
			return nil, &unreachableError{cause}
		case <-time.After(redialPause):
		}
	}
}

// control returns the [net.Dialer]'s function for the addresses of a host and
// port.
func (d *reachDialer) control(address string) func(string, string, syscall.RawConn) error {
	listed := d.listed(address)
	return func(_, at string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(at)
		switch {
		case err != nil || !listed && !d.reach.hasAddr(to):
			return refusedError{}
		case d.self.has(to):
			return selfError{}
		}
		return nil
	}
}

func (d *reachDialer) listed(address string) bool {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	port, err := net.LookupPort("tcp", text)
	return err == nil && d.reach.hasName(host, uint16(port))
}

// proxy returns the proxy of the environment for a request. The proxy connects
// then: what can be known of the address is checked here.
func (d *reachDialer) proxy(req *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(req)
	if proxy == nil || err != nil {
		return proxy, err
	}
	if d.reach.hasName(req.URL.Hostname(), portOf(req.URL)) {
		return proxy, nil
	}
	ctx, cancel := context.WithTimeout(req.Context(), d.wait)
	defer cancel()
	ips, err := d.resolve(ctx, req.URL.Hostname())
	if err != nil {
		return proxy, nil // a name that only the proxy can resolve
	}
	for _, ip := range ips {
		if !d.reach.hasAddr(netip.AddrPortFrom(ip, portOf(req.URL))) {
			<-ctx.Done()
			return nil, &unreachableError{refusedError{}}
		}
	}
	return proxy, nil
}

func (d *reachDialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, ok := numericAddr(host); ok {
		return []netip.Addr{ip}, nil
	}
	resolver := d.net.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	return resolver.LookupNetIP(ctx, "ip", host)
}
