package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestMisspeltVariables(t *testing.T) {
	for name, want := range map[string]string{
		"WHARF_HTTP_ADRR":           "WHARF_HTTP_ADRR (did you mean WHARF_HTTP_ADDR?)",
		"WHARF_ROOT_PASWORD":        "WHARF_ROOT_PASWORD (did you mean WHARF_ROOT_PASSWORD?)",
		"WHARF_CONFIG_FILE":         "WHARF_CONFIG_FILE",
		"WHARF_http_addr":           "WHARF_http_addr (did you mean WHARF_HTTP_ADDR?)",
		"WHARF_PORT":                "WHARF_PORT", // with a number it is meant for Wharf
		"WHARF_SOMETHING_ELSE":      "WHARF_SOMETHING_ELSE;",
		"WHARF_PORT_3307_TCP_OTHER": "WHARF_PORT_3307_TCP_OTHER;",
	} {
		for _, command := range []string{"serve", "check"} {
			var out, errOut bytes.Buffer
			code := run(t.Context(), []string{command, "--data-dir=" + t.TempDir() + "/absent"}, env(name, "3307"), &out, &errOut)
			if got := errOut.String(); code != 2 || !strings.Contains(got, "no setting for the variable "+want) || strings.Count(got, "\n") != 1 {
				t.Errorf("%s with %s: status %d, %q", command, name, code, got)
			}
		}
	}
}

func TestMisspeltSettings(t *testing.T) {
	for arg, want := range map[string]string{
		"--http-adr=:0": "no flag --http-adr (did you mean http-addr?)",
		"--config=" + writeFile(t, "log_levl = 1"): `unknown key "log_levl" (did you mean log-level?)`,
	} {
		if _, err := loadConfig([]string{arg}, env()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", arg, err, want)
		}
	}
}

// TestForeignVariables has those that begin like Wharf's own, and that a cluster
// sets for services called wharf and wharf-http.
func TestForeignVariables(t *testing.T) {
	e := env("WHARF_HTTP_ADRR", "", "WHARFAGE", "1", "wharf_http_adrr", "1", "XWHARF_HTTP_ADRR", "1")
	for _, service := range []string{"WHARF", "WHARF_HTTP", "WHARF_0_MYSQL"} {
		for name, value := range map[string]string{
			"SERVICE_HOST": "10.0.0.11", "SERVICE_PORT": "3307", "SERVICE_PORT_MYSQL": "3307", "PORT": "tcp://10.0.0.11:3307",
			"PORT_3307_TCP": "tcp://10.0.0.11:3307", "PORT_3307_TCP_PROTO": "tcp", "PORT_3307_TCP_PORT": "3307", "PORT_3307_TCP_ADDR": "10.0.0.11",
		} {
			e[service+"_"+name] = value
		}
	}
	if _, err := loadConfig(nil, e); err != nil {
		t.Error(err)
	}
}

func TestSecretsLeaveTheEnvironment(t *testing.T) {
	for _, name := range secretVariables {
		t.Setenv(name, "hunter2")
	}
	t.Setenv("WHARF_LOG_LEVEL", "warn")
	e := takeEnvironment()
	for _, name := range secretVariables {
		if _, left := os.LookupEnv(name); left || e[name] != "hunter2" {
			t.Errorf("%s: left for others: %t, taken: %q", name, left, e[name])
		}
	}
	if os.Getenv("WHARF_LOG_LEVEL") != "warn" || e["WHARF_LOG_LEVEL"] != "warn" {
		t.Error("another variable was lost")
	}
}
