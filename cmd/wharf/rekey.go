package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"wharf/meta"
)

// rekey seals the secrets of a stopped server under a new key. It takes the
// settings of serve, of which it uses the data folder and the sealing key.
func rekey(ctx context.Context, args []string, env environment, stdout, stderr io.Writer) error {
	cfg, flags, err := gather("rekey", args, env)
	if errors.Is(err, errHelp) {
		return writeHelp(stdout)
	}
	if err != nil {
		return err
	}
	to := flags[newKeyFlag.name]
	if to == "" && (cfg.keyCommand != "" || !cfg.key.Value.IsZero()) {
		return usagef("the present key is in no file, so that a new one cannot take its place: --new-key-file FILE says where the new one is, or is to be made")
	}
	if err := forbidCore(); err != nil {
		return fmt.Errorf("core files cannot be forbidden: %w", err)
	}
	// Without a catalog there is nothing to be sealed anew.
	unlock, err := openToCheck(cfg.dataDir, true)
	if err != nil {
		return err
	}
	defer unlock() // a lock that nothing was written under
	key, err := cfg.sealingKey(ctx, func(line string) { fmt.Fprintln(stderr, "key command: "+line) })
	if err != nil {
		return err
	}
	surviveClosedPipes() // what was begun is finished
	if err := makeKeyFolder(to); err != nil {
		return err
	}
	return meta.Rekey(ctx, cfg.dataDir, meta.RekeyOptions{
		Key: key, NewFile: to, Done: func(what string) { fmt.Fprintln(stdout, what) },
	})
}
