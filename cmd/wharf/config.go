package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"wharf"
)

// errHelp says that --help was among the flags.
var errHelp = errors.New("help wanted")

// maxPassword is the longest password of MySQL's caching_sha2_password that
// TiDB's hashing takes, in bytes.
const maxPassword = 256

// loadConfig puts the settings together: defaults, then the config file, then
// the environment, then flags.
func loadConfig(args []string, getenv func(string) string) (*config, error) {
	flags, file, err := parseFlags(args)
	if err != nil {
		return nil, err
	}
	if file == "" {
		file = getenv("WHARF_CONFIG")
	}
	inFile, err := readConfigFile(file)
	if err != nil {
		return nil, err
	}
	c := &config{rootPassword: wharf.NewSecret(getenv("WHARF_ROOT_PASSWORD"))}
	for _, s := range settings {
		value, from := s.value, "the default of "+s.name
		if v, ok := inFile[s.name]; ok {
			value, from = v, fmt.Sprintf("%s in %s", s.name, file)
		}
		for _, name := range append([]string{s.envName()}, s.env...) {
			if v := getenv(name); v != "" {
				value, from = v, name
				break
			}
		}
		if v, ok := flags[s.name]; ok {
			value, from = v, "--"+s.name
		}
		if err := s.set(c, value); err != nil {
			return nil, usagef("%s cannot be %q: %s", from, value, err)
		}
	}
	return c, c.validate()
}

// parseFlags reads --name value and --name=value; a boolean may stand alone.
func parseFlags(args []string) (flags map[string]string, file string, err error) {
	flags = make(map[string]string)
	for i := 0; i < len(args); i++ {
		name, value, inline := strings.Cut(args[i], "=")
		name, ok := flagName(name)
		if !ok {
			return nil, "", usagef("serve takes no argument %q; see wharf --help", args[i])
		}
		if name == "help" || name == "h" {
			return nil, "", errHelp
		}
		known := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
		if known < 0 && name != "config" {
			return nil, "", usagef("there is no flag --%s; see wharf --help", name)
		}
		if !inline {
			switch {
			case known >= 0 && settings[known].arg == "BOOL":
				value = "true"
			case i+1 < len(args):
				i++
				value = args[i]
			default:
				return nil, "", usagef("--%s needs a value", name)
			}
		}
		if name == "config" {
			file = value
			continue
		}
		if before, again := flags[name]; again && settings[known].list {
			value = before + "," + value
		}
		flags[name] = value
	}
	return flags, file, nil
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
			return nil, usagef("the config file %s has the unknown key %q; wharf --help lists the settings", path, key)
		}
		value, ok := fileValue(settings[i], v)
		if !ok {
			return nil, usagef("the config file %s gives %q a value that is neither text, a whole number nor a boolean", path, key)
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

func setPasswordFile(c *config, path string) error {
	if path == "" {
		return nil
	}
	data, err := os.ReadFile(path)
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

// validate holds the rules that concern several settings.
func (c *config) validate() error {
	if len(c.rootPassword.Reveal()) > maxPassword {
		return usagef("root's password is longer than %d bytes", maxPassword)
	}
	if !c.rootPassword.IsZero() {
		return nil
	}
	for _, a := range []struct{ name, addr string }{{"mysql-addr", c.mysqlAddr}, {"http-addr", c.httpAddr}} {
		if !isLoopback(a.addr) {
			return usagef("--%s %s is open to other machines while root has no password: "+
				"set WHARF_ROOT_PASSWORD or --root-password-file, or use 127.0.0.1", a.name, a.addr)
		}
	}
	return nil
}

// isLoopback tells whether a listener on addr is reached from this machine
// only.
func isLoopback(addr string) bool {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	return err == nil && tcp.IP.IsLoopback()
}
