package tests

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wharf/tests/harness"
)

// foreignFiles are what other programs put into a folder or a bucket, by
// name, and whether it is a name in Wharf.
var foreignFiles = map[string]bool{
	"in/a.csv": true, "in/line\nfeed.csv": false, "in/tab\t.csv": false, "in/\x7f": false, "in/sub/b.csv": true, "z": true,
	"in/" + strings.Repeat("long/", 210) + "end": false,
}

// TestLeftOut has a folder and a bucket with files that no statement can name:
// everything that goes over them tells of them, and leaves them alone.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	g := harness.StartS3(t, root, "access", "names-secret")
	s := start(t, settings{args: []string{"--fs-allow", folder}, secrets: []string{g.Secret}})
	s.exec("CREATE STAGE folder 'fs://"+folder+"/'", g.CreateStage("bucket", "names/"), "CREATE STAGE t")
	t.Run("folder", func(t *testing.T) {
		files := maps.Clone(foreignFiles)
		files["in/\xff\xfe.csv"], files["in/\x01"], files["\x80\x80/outside"] = false, false, false
		s.leftOut(t, "folder", folder, files, 6)
	})
	// versitygw fails where a name is no UTF-8, and lists \x01 as U+FFFD.
	t.Run("bucket", func(t *testing.T) {
		s.leftOut(t, "bucket", filepath.Join(g.Dir, harness.Bucket, "names"), foreignFiles, 4)
	})
}

// TestLeftOutLinks has a folder with links: those that stay in it are files of
// the stage, and the others are told of, as what they are.
func TestLeftOutLinks(t *testing.T) {
	t.Parallel()
	folder, other := t.TempDir(), t.TempDir()
	s := start(t, settings{args: []string{"--fs-allow", folder}})
	s.exec("CREATE STAGE f 'fs://"+folder+"/'", "CREATE STAGE t")
	s.plantFiles("f", folder, map[string]bool{"a": true})
	s.plantFiles("", other, map[string]bool{"theirs": false})
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("a", "inside")
	s.wantRows("LIST @f", "a", "inside")
	link(filepath.Join(other, "theirs"), "out")
	const why = ", because it is a symbolic link that leads out of the stage's folder or nowhere: \"out\"; put the file itself there"
	s.wantLeftOut("LIST @f", "1 file in @f was not listed"+why, "a", "inside")
	link(other, "folder")
	link("gone", "nowhere")
	s.wantLeftOut("COPY FILES INTO @t FROM @f", `3 files in @f were not copied, because they are symbolic links that lead out of the stage's folder or nowhere: "folder", "nowhere", "out"`, "a", "inside")
	if p := s.listPage("f", ""); p.LeftOut.Count != 3 {
		t.Errorf("the list over HTTP tells of %+v", p.LeftOut)
	}
	s.plantFiles("f", folder, map[string]bool{"\x01": false})
	s.wantLeftOut("REMOVE @f/", "4 files in @f/ were not removed, because their names are not valid in Wharf, or they are symbolic links", "a", "inside")
	if _, err := os.Stat(filepath.Join(other, "theirs")); err != nil {
		t.Error(err)
	}
}

// leftOut works on the files in a stage's folder "in", of which that many have
// no valid names.
func (s *server) leftOut(t *testing.T, stage, dir string, files map[string]bool, unnamed int) {
	s.plantFiles(stage, dir, files)
	in := "@" + stage + "/in/"
	s.wantLeftOut("LIST "+in, fmt.Sprintf("%d files in %s were not listed", unnamed, in), "in/a.csv", "in/sub/b.csv")
	s.wantLeftOut("LIST FULL "+in+" PATTERN = 'line.*'", "1 file in "+in+" was not listed, because its name is not valid in Wharf: \"in/line\\nfeed.csv\";")
	s.wantLeftOut("SELECT COUNT(*) FROM "+in+" (FILE_FORMAT => 'csv')", fmt.Sprintf("%d files in %s were not read", unnamed, in), "2")
	s.wantLeftOut("COPY FILES INTO @t/"+stage+"/ FROM "+in, fmt.Sprintf("%d files in %s were not copied", unnamed, in), stage+"/a.csv", stage+"/sub/b.csv")
	s.wantRows("LIST @t/"+stage+"/", stage+"/a.csv", stage+"/sub/b.csv")
	told := 0
	for after, more := "", true; more; more = after != "" {
		p := s.listPage(stage, "?prefix=in/&limit=1&after="+after)
		after, told = p.Next, told+p.LeftOut.Count
	}
	if told != unnamed {
		t.Errorf("the pages tell of %d files, want %d", told, unnamed)
	}
	for _, lines := range [][]string{{"in/a.csv", "in/sub/b.csv"}, nil} {
		s.wantLeftOut("REMOVE "+in, fmt.Sprintf("%d files in %s were not removed", unnamed, in), lines...)
	}
	s.wantRows("LIST @"+stage+"/z", "z")
	s.exec("DROP STAGE " + stage)
	for name, named := range files {
		_, err := os.Stat(filepath.Join(dir, name))
		if gone := os.IsNotExist(err); gone != (named && name != "z") || err != nil && !gone {
			t.Errorf("after REMOVE %s, a look at %q gives %v", in, name, err)
		}
	}
}

// wantLeftOut wants a statement to give these rows and one warning, which the
// answer's last packet counts.
func (s *server) wantLeftOut(statement, warning string, lines ...string) {
	s.t.Helper()
	out := s.mariadb("", "-N", "--show-warnings", "-e", statement)
	got := strings.Split(strings.TrimSuffix(out.stdout, "\n"), "\n")
	n := len(got) - 1
	if out.code != 0 || !slices.Equal(got[:n], lines) || !strings.HasPrefix(got[n], "Warning (Code 1642): "+warning) {
		s.t.Errorf("%s: exit status %d, %q, want %q and a warning that %s\n%s", statement, out.code, got, lines, warning, out.stderr)
	}
}

// plantFiles uploads the files with valid names, and puts the others where the
// stage has its files.
func (s *server) plantFiles(stage, dir string, files map[string]bool) {
	s.t.Helper()
	for name, named := range files {
		if named {
			s.mustUpload(stage, name, []byte(name))
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
}
