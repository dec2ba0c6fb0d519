package main

import (
	"errors"
	"slices"
	"strings"

	"wharf"
	"wharf/httpapi"
)

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
func (h *house) warnOfOrigins(cfg *config) {
	if cfg.password.IsSet() {
		return
	}
	for _, origin := range []string{"*", "null"} {
		if slices.Contains(cfg.corsOrigins, origin) {
			h.log.Warn("root has no password, and --cors-origin lets any web page that a browser on this machine opens read, write and delete the files of all stages", "origin", origin)
		}
	}
}
