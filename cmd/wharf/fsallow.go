package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"wharf/storage/dir"
)

// setFSAllow takes folders, separated by commas.
func setFSAllow(c *config, v string) error {
	c.fsAllow = nil
	if v == "" {
		return nil
	}
	for folder := range strings.SplitSeq(v, ",") {
		if folder == "" {
			return errors.New("one of its folders is empty")
		}
		path, err := filepath.Abs(folder)
		if err != nil {
			return fmt.Errorf("%q has no absolute path: %w", folder, err)
		}
		c.fsAllow = append(c.fsAllow, path)
	}
	return nil
}

// openFolders returns the backend of fs:// stages, nil if no folder is allowed.
// Each must be there, and none may have to do with the server's own folder:
// a user who may create stages would get at the catalog and its key.
func openFolders(cfg *config) (*dir.Backend, error) {
	if len(cfg.fsAllow) == 0 {
		return nil, nil
	}
	data, err := realPath(cfg.dataDir)
	if err != nil {
		return nil, err
	}
	for _, folder := range cfg.fsAllow {
		path, err := realPath(folder)
		if err != nil {
			if cause := errors.Unwrap(err); cause != nil {
				err = cause // it names the folder again
			}
			return nil, usagef("--fs-allow %s: %s", folder, err)
		}
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			return nil, usagef("--fs-allow %s is not a folder", folder)
		}
		for _, secret := range []string{cfg.keyFile, cfg.tlsKey, cfg.passwordFile} {
			if at, err := realPath(secret); secret != "" && err == nil && within(path, at) {
				return nil, usagef("--fs-allow %s holds the file %s, which has a secret of the server", folder, secret)
			}
		}
		if within(path, data) || within(data, path) {
			return nil, usagef("--fs-allow %s and the data folder %s must not hold each other", folder, cfg.dataDir)
		}
	}
	return dir.New(dir.Options{Allow: cfg.fsAllow}), nil
}

// realPath is the absolute path without symbolic links.
func realPath(path string) (string, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// within reports whether path is folder or below it.
func within(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}
