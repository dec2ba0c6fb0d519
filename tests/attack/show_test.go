//go:build !race

package attack

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"wharf/tests/harness"
)

// Many list many definitions at once: stages, connections, file formats. The
// answers are read slowly, or not at all.
func TestManyDefinitions(t *testing.T) {
	t.Parallel()
	const definitions, lists = 20_000, 20
	s := start(t, harness.Options{})
	db, err := sql.Open("mysql", "root@tcp("+s.MySQL+")/default")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	create := func(n int, statement string) {
		var next atomic.Int64
		var creators sync.WaitGroup
		for range 64 {
			creators.Go(func() {
				for i := next.Add(1); i <= int64(n); i = next.Add(1) {
					if _, err := db.Exec(fmt.Sprintf(statement, i)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		creators.Wait()
	}
	db.SetMaxIdleConns(64)
	comment := strings.Repeat("c", 500)
	create(definitions, "CREATE STAGE IF NOT EXISTS s%d COMMENT = '"+comment+"'")
	create(2000, "CREATE CONNECTION c%d STORAGE_TYPE = 's3' ACCESS_KEY_ID = '"+comment+"' SECRET_ACCESS_KEY = '"+comment+"'")
	db.SetMaxIdleConns(0)
	for _, c := range []struct {
		query string
		rows  int
		most  int64 // MiB that it takes
	}{
		{"SHOW STAGES", definitions + 1, 200}, {"SHOW STAGES LIKE 's1%'", 11_111, 200}, {"SHOW CONNECTIONS", 2000, 200},
		{"SELECT name, comment FROM information_schema.stages", definitions + 1, 700}, // it holds its rows
	} {
		s.under(func() {
			var readers sync.WaitGroup
			for range lists {
				readers.Go(func() {
					n, err := count(t.Context(), db, c.query)
					if err != nil || n != c.rows {
						t.Errorf("%s: %d rows, %v", c.query, n, err)
					}
				})
			}
			readers.Wait()
		})
		if peak := s.Memory("VmHWM"); peak > c.most*mib {
			t.Errorf("%s took %d MiB", c.query, peak/mib)
		}
	}
}

func count(ctx context.Context, db *sql.DB, query string) (n int, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}
