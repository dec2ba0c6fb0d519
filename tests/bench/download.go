package main

import "fmt"

// downloads is the load of fetching small files that lie in the page cache,
// beside nginx's static files.
func (b *bench) downloads(load string) error {
	const files, size, conns = 1000, 4 << 10, 16
	if err := b.wharf.createStage("small", ""); err != nil {
		return err
	}
	body := randomBytes(size)
	rivals := b.putters("small")[:2]
	paths := []string{"/v1/stage/small/", "/small/"}
	results := make([]*result, len(rivals))
	for i, p := range rivals {
		results[i] = b.table.add(&result{load: load, server: p.name, unit: "files/s", syncs: "-"})
		c, err := dial(p.addr)
		if err != nil {
			return err
		}
		for n := range files {
			if err := put(c, p, filler(n), body); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
		c.close()
	}
	for range b.rounds {
		for i, p := range rivals {
			err := b.countRound(results[i], p.addr, p.proc, conns, func(c *client, n int64) error {
				return c.do(fmt.Appendf(nil, "GET %s%s HTTP/1.1\r\nHost: %s\r\n\r\n", paths[i], filler(int(n%files)), p.addr))
			})
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return nil
}

// curlDownload is the load of fetching one large file.
func (b *bench) curlDownload(load string) error {
	file, err := b.bigFile()
	if err != nil {
		return err
	}
	if err := b.wharf.createStage("bigdown", ""); err != nil {
		return err
	}
	if err := curl("-T", file, "http://"+b.wharf.httpAddr+"/v1/stage/bigdown/big.bin"); err != nil {
		return err
	}
	if err := curl("-T", file, "http://"+b.nginx.addr+"/bigdown/big.bin"); err != nil {
		return err
	}
	fetch := func(addr, path string) func() error {
		return func() error { return curl("-o", "/dev/null", "http://"+addr+path) }
	}
	return b.rivals(load, "MiB/s", 1024, []rival{
		{"Wharf", "-", b.wharf.process, fetch(b.wharf.httpAddr, "/v1/stage/bigdown/big.bin")},
		{"nginx", "-", b.nginx.process, fetch(b.nginx.addr, "/bigdown/big.bin")},
	})
}
