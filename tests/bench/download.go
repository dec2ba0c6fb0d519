package main

import "fmt"

// downloads is the load of fetching small files that lie in the page cache,
// beside nginx's static files.
func (b *bench) downloads(load string) error {
	const files, size, conns = 1000, 4 << 10, 16
	if err := b.createStages("small"); err != nil {
		return err
	}
	body := randomBytes(size)
	var rivals []putter
	var paths []string
	for _, w := range b.wharfs() {
		rivals, paths = append(rivals, w.putter("small")), append(paths, "/v1/stage/small/")
	}
	rivals, paths = append(rivals, b.nginx.putter("small")), append(paths, "/small/")
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
	for round := range b.rounds {
		for i, p := range inTurn(round, rivals) {
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
	if err := b.createStages("bigdown"); err != nil {
		return err
	}
	var all []rival
	add := func(name string, p *process, url string) error {
		all = append(all, rival{name, "-", p, func() error { return curl("-o", "/dev/null", url) }})
		return curl("-T", file, url)
	}
	for _, w := range b.wharfs() {
		if err := add(w.name, w.process, "http://"+w.httpAddr+"/v1/stage/bigdown/big.bin"); err != nil {
			return err
		}
	}
	if err := add("nginx", b.nginx.process, "http://"+b.nginx.addr+"/bigdown/big.bin"); err != nil {
		return err
	}
	return b.rivals(load, "MiB/s", float64(b.big)/mebibyte, all)
}
