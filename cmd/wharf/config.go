package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"golang.org/x/sys/unix"

	"wharf"
	"wharf/meta"
	"wharf/meta/auth"
)

// errHelp says that --help was among the flags.
var errHelp = errors.New("help wanted")

// loadConfig puts the settings of serve together, and checks them.
func loadConfig(args []string, env environment) (*config, error) {
	c, flags, err := gather("serve", args, env)
	if err != nil {
		return nil, err
	}
	if c.newCatalog, err = flags.isSet(newCatalogFlag); err != nil {
		return nil, err
	}
	return c, c.validate()
}

// gather puts the settings together: defaults, then the config file, then the
// environment, then flags, which it gives too.
func gather(command string, args []string, env environment) (*config, flags, error) {
	flags, err := parseFlags(command, args)
	if err != nil {
		return nil, nil, err
	}
	if err := env.checkNames(); err != nil {
		return nil, nil, err
	}
	in := sources{flags: flags, env: env, file: flags[configFlag.name]}
	if in.file == "" {
		in.file = env[configVariable]
	}
	if in.inFile, err = readConfigFile(in.file); err != nil {
		return nil, nil, err
	}
	c := &config{}
	for _, s := range settings {
		value, from, _ := in.lookup(s)
		if err := s.set(c, value); err != nil {
			return nil, nil, usagef("%s cannot be %q: %s", from, value, err)
		}
	}
	if err := in.lookupKey(c); err != nil {
		return nil, nil, err
	}
	if command == "serve" {
		err = in.lookupPassword(c)
	}
	return c, flags, err
}

// source is where a value comes from. A higher one beats a lower one.
type source int

const (
	byDefault source = iota
	byFile
	byVariable
	byFlag
)

type sources struct {
	file   string // the config file's path
	inFile map[string]string
	env    environment
	flags  map[string]string
}

// lookup returns the value of a setting and where it comes from, in words too.
func (in *sources) lookup(s setting) (value, from string, by source) {
	if v, ok := in.flags[s.name]; ok {
		return v, "--" + s.name, byFlag
	}
	for _, name := range append([]string{s.envName()}, s.env...) {
		if v := in.env[name]; v != "" {
			return v, name, byVariable
		}
	}
	if v, ok := in.inFile[s.name]; ok {
		return v, fmt.Sprintf("%s in %s", s.name, in.file), byFile
	}
	return s.value, "the default of " + s.name, byDefault
}

// lookupPassword decides between the two ways to set root's password, the one
// of which is a variable and no setting.
func (in *sources) lookupPassword(c *config) error {
	plain := in.env[passwordVariable]
	path, from, by := in.lookup(settingNamed("root-password-file"))
	c.passwordFrom = from
	switch {
	case plain == "" || path != "" && by == byFlag:
		return nil
	case path != "" && by == byVariable:
		return usagef("%s and %s are both set; root has one password", passwordVariable, from)
	}
	c.rootPassword, c.passwordFile = wharf.NewSecret(plain), ""
	return nil
}

func settingNamed(name string) setting {
	return settings[slices.IndexFunc(settings, func(s setting) bool { return s.name == name })]
}

// configVariable names the config file.
const configVariable = variablePrefix + "CONFIG"

// The flags that are no settings.
var (
	configFlag     = setting{name: "config", arg: "FILE"}
	repairFlag     = setting{name: "repair", arg: "BOOL"}       // of wharf check
	newCatalogFlag = setting{name: "new-catalog", arg: "BOOL"}  // of wharf serve
	newKeyFlag     = setting{name: "new-key-file", arg: "FILE"} // of wharf rekey
)

// flags are those of a command line, by their names.
type flags map[string]string

// isSet returns the value of a boolean flag that is no setting; false without it.
func (f flags) isSet(flag setting) (bool, error) {
	v, ok := f[flag.name]
	if !ok {
		return false, nil
	}
	b, err := parseBool(v)
	if err != nil {
		return false, usagef("--%s cannot be %q: %s", flag.name, v, err)
	}
	return b, nil
}

// parseFlags reads --name value and --name=value; a boolean may stand alone.
func parseFlags(command string, args []string) (flags, error) {
	known := append(slices.Clone(settings), configFlag)
	switch command {
	case "check":
		known = append(known, repairFlag)
	case "serve":
		known = append(known, newCatalogFlag)
	case "rekey":
		known = append(known, newKeyFlag)
	}
	flags := flags{}
	for i := 0; i < len(args); i++ {
		name, value, inline := strings.Cut(args[i], "=")
		name, ok := flagName(name)
		if !ok {
			return nil, usagef("%s takes no argument %q; see wharf --help", command, args[i])
		}
		if name == "help" || name == "h" {
			return nil, errHelp
		}
		at := slices.IndexFunc(known, func(s setting) bool { return s.name == name })
		if at < 0 {
			return nil, usagef("there is no flag --%s%s; see wharf --help", name, wharf.DidYouMean(name, namesOf(known)))
		}
		if !inline {
			var taken int
			var err error
			if value, taken, err = separate(known[at], args[i+1:]); err != nil {
				return nil, err
			}
			i += taken
		}
		if before, again := flags[name]; again && known[at].list {
			value = before + "," + value
		}
		flags[name] = value
	}
	return flags, nil
}

// separate returns the value of a flag that has none behind a '=', and how many
// of the arguments that follow it takes.
func separate(s setting, rest []string) (value string, taken int, err error) {
	isBool := s.arg == "BOOL"
	switch {
	case isBool && (len(rest) == 0 || rest[0] != "true" && rest[0] != "false"):
		return "true", 0, nil
	case len(rest) == 0:
		return "", 0, usagef("--%s needs a value", s.name)
	case strings.HasPrefix(rest[0], "--"):
		return "", 0, usagef("--%s needs a value, and %s is a flag; a value like that is written --%s=VALUE", s.name, rest[0], s.name)
	}
	return rest[0], 1, nil
}

func namesOf(list []setting) (names []string) {
	for _, s := range list {
		names = append(names, s.name)
	}
	return names
}

func flagName(arg string) (string, bool) {
	name, ok := strings.CutPrefix(arg, "-")
	if !ok || name == "" || name == "-" {
		return "", false
	}
	return strings.TrimPrefix(name, "-"), true
}

// readConfigFile reads a TOML file whose keys are the names of the settings.
func readConfigFile(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	var raw map[string]any
	if _, err := toml.DecodeFile(path, &raw); err != nil {
		return nil, usagef("the config file %s cannot be read: %s", path, err)
	}
	values := make(map[string]string, len(raw))
	for key, v := range raw {
		name := strings.ReplaceAll(key, "_", "-")
		i := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
		if i < 0 {
			return nil, usagef("the config file %s has the unknown key %q%s; wharf --help lists the settings", path, key, wharf.DidYouMean(name, namesOf(settings)))
		}
		value, ok := fileValue(settings[i], v)
		if !ok {
			return nil, usagef("the config file %s gives %q a value that is neither text, a whole number nor a boolean", path, key)
		}
		if _, twice := values[name]; twice {
			return nil, usagef("the config file %s sets %s twice, with '_' and with '-'", path, name)
		}
		values[name] = value
	}
	return values, nil
}

// fileValue is a value of the config file as a flag would have it.
func fileValue(s setting, v any) (string, bool) {
	switch v := v.(type) {
	case string, int64, bool:
		return fmt.Sprint(v), true
	case []any:
		texts := make([]string, len(v))
		for i, item := range v {
			text, ok := item.(string)
			if !ok {
				return "", false
			}
			texts[i] = text
		}
		return strings.Join(texts, ","), s.list
	}
	return "", false
}

// validate holds the rules that concern several settings, and those of a
// server's start.
func (c *config) validate() error {
	if err := c.readPassword(); err != nil {
		return usagef("%s cannot be %q: %s", c.passwordFrom, c.passwordFile, err)
	}
	if err := auth.CheckPlain(c.rootPassword.Reveal()); err != nil {
		return usagef("root's password cannot be used: %s", wharf.MessageOf(err))
	}
	if err := c.validateTLS(); err != nil {
		return err
	}
	var err error
	if c.openTo, err = c.openAddr(); err != nil {
		return err
	}
	if !c.rootPassword.IsZero() {
		return nil
	}
	// A catalog that is there may have root's password: see app.openRoot.
	if has, err := meta.Exists(c.dataDir); err != nil || has {
		return nil
	}
	return c.validateWithoutPassword()
}

// validateWithoutPassword holds the rules of a server whose root has no password.
func (c *config) validateWithoutPassword() error {
	if c.publicURL != nil {
		if host := c.publicURL.Hostname(); host != "localhost" && !strings.HasSuffix(host, ".localhost") && !auth.IsLoopback(host) {
			return usagef("--public-url %s is of another machine while root has no password, and a proxy makes all its clients local ones: "+
				"set WHARF_ROOT_PASSWORD or --root-password-file, or use localhost", c.publicURL)
		}
	}
	if c.openTo != "" {
		return usagef("%s is open to other machines while root has no password: "+
			"set WHARF_ROOT_PASSWORD or --root-password-file, or use 127.0.0.1", c.openTo)
	}
	return nil
}

// validateTLS holds the rules of the settings of TLS.
func (c *config) validateTLS() error {
	switch {
	case (c.tlsCert == "") != (c.tlsKey == ""):
		return usagef("--tls-cert and --tls-key go together: one of them is missing")
	case c.requireTLS && c.httpsAddr == "":
		return usagef("--require-tls closes the port of --http-addr; set --https-addr, such as 127.0.0.1:8443")
	}
	return nil
}

// readPassword reads the first line of the password file, if there is one.
func (c *config) readPassword() error {
	if c.passwordFile == "" {
		return nil
	}
	// Opening a pipe would wait for who writes into it.
	f, err := os.OpenFile(c.passwordFile, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return errors.Unwrap(err)
	}
	defer f.Close() // was read only
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	// Enough for a password that is too long to be told as that.
	data, err := io.ReadAll(io.LimitReader(f, 2*auth.MaxPassword))
	if err != nil {
		return errors.Unwrap(err)
	}
	first, _, _ := strings.Cut(string(data), "\n")
	first = strings.TrimSuffix(first, "\r")
	if first == "" {
		return errors.New("its first line is empty")
	}
	c.rootPassword = wharf.NewSecret(first)
	return nil
}
