//go:build noduck

package tests

import "testing"

// TestWithoutDuckDB wants a server without its engine for files to do all else,
// and to say what it lacks.
func TestWithoutDuckDB(t *testing.T) {
	t.Parallel()
	s := start(t, settings{})
	s.exec("CREATE STAGE s")
	s.mustUpload("s", "x.csv", []byte("a,b\n"))
	const lacks = "this build of Wharf has no engine for queries of files"
	for _, query := range []string{"SELECT * FROM @s/x.csv", "SELECT * FROM s.`x.csv`", "COPY INTO @s/out/ FROM (SELECT 1)"} {
		s.wantError(query, "1235 (42000)", lacks)
	}
	s.wantError("SELECT ROW_NUMBER() OVER ()", "1235 (42000)", "a window function is not supported by Wharf")
	s.wantTexts("SELECT COUNT(*) FROM information_schema.STAGES", "1")
	s.wantTexts("SELECT 1 + 1, UPPER('a')", "2\tA")
	if files := s.list("s"); len(files) != 1 {
		t.Errorf("files: %q", files)
	}
}
