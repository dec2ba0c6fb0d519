package clients

import (
	"os"
	"slices"
	"testing"
)

// TestMetadata asks what desktop clients ask to show their trees, through
// JDBC's DatabaseMetaData.
func TestMetadata(t *testing.T) {
	want, err := os.ReadFile("testdata/metadata.txt")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, "")
	java := matrix[slices.IndexFunc(matrix, func(c client) bool { return c.name == "Connector/J" })]
	compare(t, s.run(t, java, "metadata", newProxy(t, s.MySQL)), lines(string(want)))
	s.wantNoConnections(t)
}
