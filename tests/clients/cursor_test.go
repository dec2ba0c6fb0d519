package clients

import (
	"slices"
	"testing"
)

// TestCursors has the clients that can read rows by a cursor of the server do so,
// with other statements in between.
func TestCursors(t *testing.T) {
	s := start(t, "")
	for _, c := range []struct {
		client
		want []string
	}{
		{client{name: "mysqli", command: []string{"php", "php/cursor.php"}}, []string{"rows: 300", "rows: 300", "fetches: one for each row", "end: closed"}},
		{client{name: "C", command: []string{python, "python/cursor.py"}}, append(slices.Repeat([]string{"rows: 300"}, 4), "end: closed")},
	} {
		t.Run(c.name, func(t *testing.T) { compare(t, s.run(t, c.client, "tour", newProxy(t, s.MySQL)), c.want) })
	}
	s.wantNoConnections(t)
}
