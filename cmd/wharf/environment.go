package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"wharf"
	"wharf/cmd/wharf/client"
)

// environment is the variables of the process, by their names.
type environment map[string]string

// variablePrefix begins the names of Wharf's own variables.
const variablePrefix = "WHARF_"

// The variables that hold secrets. No setting has their names.
const (
	passwordVariable = variablePrefix + "ROOT_PASSWORD"
	keyVariable      = variablePrefix + "KEY"
)

var secretVariables = []string{passwordVariable, keyVariable, client.PasswordVariable}

// takeEnvironment returns the variables of the process, and takes those with
// secrets away from the processes that it starts.
func takeEnvironment() environment {
	e := environment{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		e[name] = value
	}
	for _, name := range secretVariables {
		_ = os.Unsetenv(name) // which fails for names that are none
	}
	return e
}

// checkNames refuses a variable that looks like a setting and is none.
func (e environment) checkNames() error {
	known := append([]string{configVariable}, secretVariables...)
	for _, s := range settings {
		known = append(known, s.envName())
	}
	for _, name := range slices.Sorted(maps.Keys(e)) {
		value := e[name]
		if !strings.HasPrefix(name, variablePrefix) || value == "" || slices.Contains(known, name) || isServiceLink(name, value) {
			continue
		}
		return usagef("there is no setting for the variable %s%s; wharf --help lists the variables", name, wharf.DidYouMean(name, known))
	}
	return nil
}

var (
	serviceLink = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)
	linkURL     = regexp.MustCompile(`^(tcp|udp|sctp)://`)
)

// isServiceLink reports whether Kubernetes, or Docker's links, set the variable
// for a service whose name is wharf or begins with "wharf-"
// (https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables).
func isServiceLink(name, value string) bool {
	m := serviceLink.FindStringSubmatch(name)
	return m != nil && (m[1] != "PORT" || linkURL.MatchString(value))
}
