//go:build moreclients

package moreclients

import (
	"errors"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// phpLog keeps what PHP complains about.
type phpLog struct {
	mu    sync.Mutex
	lines strings.Builder // guarded by mu
}

func (l *phpLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

// check wants no warning or error of PHP's but those that have the text but.
func (l *phpLog) check(t *testing.T, but string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.lines.String()) {
		if but == "" || !strings.Contains(line, but) {
			t.Errorf("PHP logged %s", line)
		}
	}
}

// servePHP serves a folder as a web server does that runs PHP's scripts by
// php-cgi, and returns its address. PHP may complain only of what has the text
// but, if that is not "".
func servePHP(t *testing.T, folder, but string) string {
	t.Helper()
	scratch, complaints := t.TempDir(), &phpLog{}
	settings := settings(map[string]string{
		"session.save_path": scratch, "upload_tmp_dir": scratch, "sys_temp_dir": scratch,
		"log_errors": "1", "display_errors": "0", "error_log": "/dev/stderr", "date.timezone": "UTC",
		"opcache.enable": "1", "opcache.file_cache": scratch, "opcache.file_cache_only": "1",
	})
	files := http.FileServer(http.Dir(folder))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".php") {
			files.ServeHTTP(w, r)
			return
		}
		script := filepath.Join(folder, filepath.FromSlash(path.Clean(r.URL.Path)))
		php := &cgi.Handler{
			Path: "/usr/bin/php-cgi", Dir: filepath.Dir(script), Args: settings, Stderr: complaints,
			Logger: log.New(io.Discard, "", 0), // a browser that goes on to another page is no complaint
			Env:    []string{"REDIRECT_STATUS=200", "SCRIPT_FILENAME=" + script, "SCRIPT_NAME=" + r.URL.Path},
		}
		php.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		s.Close()
		complaints.check(t, but)
	})
	return s.URL
}

func settings(values map[string]string) []string {
	var args []string
	for name, value := range values {
		args = append(args, "-d", name+"="+value)
	}
	return args
}

// linkAll makes the folder to, with links to all that the folder from holds, and
// copies of the scripts, which look for their like beside them.
func linkAll(t *testing.T, from, to string, scripts ...string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if slices.Contains(scripts, e.Name()) {
			edit(t, filepath.Join(from, e.Name()), filepath.Join(to, e.Name()))
		} else if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// edit writes the file from to the file to, with the first string of each pair
// replaced by its second.
func edit(t *testing.T, from, to string, pairs ...string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(text), pairs[i]) {
			t.Fatalf("%s has no %q", from, pairs[i])
		}
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
}
