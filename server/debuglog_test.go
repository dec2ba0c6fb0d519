package server

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// TestDebugLog has each statement, without its values, and each error.
func TestDebugLog(t *testing.T) {
	for _, level := range []slog.Level{slog.LevelInfo, slog.LevelDebug} {
		log := &logBuffer{}
		r := start(t, Options{Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: level}))})
		c := r.dial(t).login(0)
		c.command(mysql.COM_QUERY, "ok secret-value")
		c.command(mysql.COM_QUERY, "syntax secret-value")
		c.command(mysql.COM_QUERY, "nosuchverb secret-value")
		c.command(99, "")
		text := log.String()
		if strings.Contains(text, "secret-value") {
			t.Errorf("the log holds a value: %s", text)
		}
		for _, want := range []string{
			`level=DEBUG msg="MySQL statement" connection=1 client=127.0.0.1`, `statement="ok …"`, `statement="nosuchverb …"`,
			`level=DEBUG msg="MySQL error"`, "number=1064", "number=1047",
		} {
			if debug := level == slog.LevelDebug; strings.Contains(text, want) != debug {
				t.Errorf("on level %s the log has %s: %t:\n%s", level, want, !debug, text)
			}
		}
	}
}
