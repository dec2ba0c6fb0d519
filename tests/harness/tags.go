//go:build !noduck

package harness

// buildFlags are those of the go build of the server.
var buildFlags []string
