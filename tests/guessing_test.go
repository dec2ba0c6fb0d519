package tests

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// seenBytes are what went over a connection.
type seenBytes struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

// Write implements [io.Writer].
func (s *seenBytes) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *seenBytes) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Contains(s.b.Bytes(), []byte(text))
}

// TestPasswordsDoNotCross looks on at logins over MySQL without TLS, of both plugins,
// of clients that would send the password as it is, and of wrong passwords: none of
// them can be seen.
func TestPasswordsDoNotCross(t *testing.T) {
	t.Parallel()
	s := start(t, settings{secrets: []string{userPassword}})
	s.exec("CREATE USER new IDENTIFIED BY '"+userPassword+"'", "CREATE USER old IDENTIFIED WITH mysql_native_password BY '"+userPassword+"'")
	seen := &seenBytes{}
	watched := &server{Server: s.Server, t: t, mysql: relay(t, s.mysql, "", seen)}
	const wrong = "Quite another 1"
	for _, user := range []string{"new", "old", "nobody"} {
		for _, password := range []string{userPassword, wrong} {
			right := password == userPassword && user != "nobody"
			for range 2 { // the second time the server has seen the password
				err := watched.dbAs(user+":"+password, "tls=false&allowCleartextPasswords=true&allowNativePasswords=true").PingContext(s.context())
				if (err == nil) != right {
					t.Errorf("%s: %v", user, err)
				}
			}
			_, port, _ := strings.Cut(watched.mysql, ":")
			out := s.mariadbAs(user, password, "", "--skip-ssl", "-P", port, "-e", "SELECT 1")
			if (out.code == 0) != right {
				t.Errorf("%s: the mariadb client: %s", user, out.stderr)
			}
		}
	}
	if !seen.has("mysql_native_password") || !seen.has("caching_sha2_password") {
		t.Error("no login was seen")
	}
	for _, password := range []string{userPassword, wrong} {
		if seen.has(password) {
			t.Errorf("the password %q crossed", password)
		}
	}
}

// TestGuessingIsSlowed guesses passwords from one address of another machine: after
// 300 that are wrong, by either port, neither port takes another at once, and one
// who comes from elsewhere is let in.
func TestGuessingIsSlowed(t *testing.T) {
	t.Parallel()
	s := start(t, settings{
		args: []string{"--trusted-proxy", "127.0.0.1"}, env: []string{"WHARF_ROOT_PASSWORD=" + rootPassword}, secrets: []string{rootPassword},
	})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	try := func(from, user, password string) (int, time.Duration) {
		req, err := http.NewRequestWithContext(s.context(), "GET", "http://"+s.http+"/v1/stage/~/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(user, password)
		req.Header.Set("X-Forwarded-For", from)
		begun := time.Now()
		resp, err := client.Do(req)
		if err != nil {
			t.Error(err)
			return 0, 0
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return resp.StatusCode, time.Since(begun)
	}
	const guesser = "198.51.100.7" // also that of forwardingProxy
	guesses := make(chan int)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for n := range guesses {
				if status, _ := try(guesser, "user"+strconv.Itoa(n), "guessed"); status != 401 && status != 503 {
					t.Errorf("guess %d: %d", n, status)
				}
			}
		})
	}
	for n := range 305 { // some are late, for as many seconds
		guesses <- n
	}
	close(guesses)
	workers.Wait()
	var both sync.WaitGroup
	// Each second frees one more guess, so that a slow machine has some left: those that
	// are answered at once use them up.
	both.Go(func() {
		for by := time.Now().Add(time.Minute); ; {
			status, took := try(guesser, "root", "guessed")
			if status == 503 || took >= time.Second/2 {
				return
			}
			if time.Now().After(by) {
				t.Errorf("HTTP: %d after %v", status, took)
				return
			}
		}
	})
	both.Go(func() {
		proxied := &server{Server: s.Server, t: t, mysql: forwardingProxy(t, s.mysql)}
		for by := time.Now().Add(time.Minute); ; {
			begun := time.Now()
			err := proxied.dbAs("root:guessed", "").PingContext(s.context())
			took := time.Since(begun)
			if err != nil && took >= time.Second/2 {
				return
			}
			if err == nil || time.Now().After(by) {
				t.Errorf("MySQL: %v after %v", err, took)
				return
			}
		}
	})
	if status, took := try("203.0.113.5", "root", rootPassword); status != 200 || took > 30*time.Second {
		t.Errorf("from another address: %d after %v", status, took)
	}
	both.Wait()
}
