//go:build moreclients

package moreclients

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// adminer is Adminer in a browser.
type adminer struct {
	*tab
	at, server string
}

func TestAdminer(t *testing.T) {
	s := landed(t)
	site := t.TempDir()
	if err := os.Symlink("/etc/adminer/conf.php", filepath.Join(site, "index.php")); err != nil {
		t.Fatal(err)
	}
	// Where a table has rows, Adminer 4.8.1 reads a variable that it did not set.
	a := adminer{at: servePHP(t, site, "Undefined variable $Ah in /usr/share/adminer/adminer.php") + "/index.php", server: s.MySQL, tab: openChromium(t, ".error")}
	a.open(a.at)
	a.shot("login")
	a.fill(`input[name="auth[server]"]`, s.MySQL)
	a.fill(`input[name="auth[username]"]`, "root")
	a.fill(`input[name="auth[password]"]`, password)
	a.click(`#content input[type="submit"]`)
	a.shows(`seen.names("#content table.checkable tbody th")`, "default|empty|information_schema|landing|odd-names")
	a.shot("home")
	a.browse()
	a.find()
	a.exports()
	a.types()
	a.oddNames()
	a.pages()
	// It asks for users in MySQL's own tables first, and shows its own user without.
	noErrors(t, s, []string{"SELECT User, Host FROM mysql.user ORDER BY Host, User", "SELECT User, Host FROM mysql.db WHERE '…' LIKE Db ORDER BY Host, User"})
}

// visit opens a page by its address.
func (a adminer) visit(args ...string) {
	a.t.Helper()
	query := url.Values{"server": {a.server}, "username": {"root"}}
	for i := 0; i < len(args); i += 2 {
		query.Set(args[i], args[i+1])
	}
	a.open(a.at + "?" + query.Encode())
}

const (
	adminerRows = `seen.rows("#table tbody tr", "td:not(:first-child)")`
	adminerIDs  = `seen.rows("#table tbody tr", "td:nth-child(2)")`
)

// browse goes from the databases to a file's rows, turns a page and sorts.
func (a adminer) browse() {
	a.clickText("#content table.checkable tbody th a", "landing")
	a.shows(`seen.names("#content table.checkable tbody th a")`, "cargo.parquet|logs/|logs/2026-01.csv|logs/2026-02.csv")
	a.shows(`seen.names("#tables li .structure, #tables li .view")`, "cargo.parquet|logs/|logs/2026-01.csv|logs/2026-02.csv")
	a.shot("tables")
	a.clickText("#content table.checkable tbody th a", "cargo.parquet")
	a.await(`document.querySelector("#content").innerText.includes("decimal(10,2)")`)
	a.shot("structure")
	a.clickText("#content .links a", "Select data")
	a.shows(adminerRows+`.split("\n")[6]`, "7|item 0007 käse|7.00|2026-01-08|2026-01-01 10:00:00.000007|NULL|short")
	a.shot("rows")
	a.clickText(".footer a", "2")
	a.shows(adminerRows+`.split("\n")[0]`, "51|item 0051 käse|51.00|2026-02-21|2026-01-01 10:00:00.000051|1|short")
	a.shot("page 2")
	a.clickText("#table thead th a", "price")
	a.shows(adminerRows+`.split("\n")[0]`, "1|item 0001 käse|1.00|2026-01-02|2026-01-01 10:00:00.000001|1|short")
	a.clickText("#table thead th a", "price")
	a.shows(adminerRows+`.split("\n")[1]`, "999|item 0999 käse|999.00|2028-09-26|2026-01-01 10:00:00.000999|4|short")
	a.shot("sorted")
	a.visit("db", "landing") // its rows are known now
	a.shows(`document.getElementById("Rows-cargo.parquet").innerText`, "1,000")
}

// find filters the rows of a file, and searches all of a stage.
func (a adminer) find() {
	a.visit("db", "landing", "select", "cargo.parquet", "where[0][col]", "name", "where[0][op]", "LIKE %%", "where[0][val]", "100 k",
		"where[1][col]", "day", "where[1][op]", ">=", "where[1][val]", "2026-01-01")
	a.shows(adminerIDs, "100")
	a.shot("found")
	a.visit("db", "landing", "select", "cargo.parquet", "where[0][col]", "", "where[0][op]", "=", "where[0][val]", "999")
	a.shows(adminerIDs, "999")
	a.shot("found anywhere")
	a.visit("db", "landing")
	a.fill(`input[name="query"]`, "January")
	a.click(`input[name="search"]`)
	a.await(`document.querySelector("#content").innerText.includes("logs/2026-01.csv")`)
	a.shot("found in the stage")
}

// exports checks what arrives of a file as CSV and as SQL.
func (a adminer) exports() {
	export := func(table, format string) string {
		a.visit("db", "landing", "dump", table)
		a.click(`input[name="output"][value="file"]`)
		a.click(`input[name="format"][value="` + format + `"]`)
		a.shot("export " + table + " " + format)
		return a.download(func() { a.click(`#content form input[type="submit"]`) })
	}
	text := export("cargo.parquet", "csv")
	if n := strings.Count(text, "\n"); n != 1001 {
		a.t.Errorf("cargo.parquet as CSV has %d lines", n)
	}
	contains(a.t, "cargo.parquet as CSV", text, "\ufeffid,name,price,day,moment,stars,note\r\n", "\r\n7,item 0007 käse,\"7.00\",2026-01-08,2026-01-01 10:00:00.000007,,short\r\n")
	contains(a.t, "cargo.parquet as SQL", export("cargo.parquet", "sql"), "CREATE TABLE `cargo.parquet` (\n", "  `price` decimal(10,2),\n",
		"(7,\t'item 0007 käse',\t7.00,\t'2026-01-08',\t'2026-01-01 10:00:00.000007',\tNULL,\t'short'),\n", "\n(1000,\t'item 1000 käse',")
}

// types runs statements in the SQL box.
func (a adminer) types() {
	run := func(text string) {
		a.visit("db", "landing", "sql", text)
		a.click(`#content form input[type="submit"]`)
	}
	files := `seen.rows("#content table tbody tr", "td:nth-child(1)")`
	run("LIST @landing")
	a.shows(files, "cargo.parquet\nlogs/2026-01.csv\nlogs/2026-02.csv")
	a.shot("LIST")
	run("SHOW FILES FROM @landing/logs/")
	a.shows(files, "logs/2026-01.csv\nlogs/2026-02.csv")
	a.shot("SHOW FILES")
	run("SELECT COUNT(*), MIN(`day`), SUM(price) FROM `cargo.parquet`; SELECT 2")
	a.shows(`seen.rows("#content table tbody tr", "td")`, "1000|2026-01-02|500500.00\n2")
	a.shot("SELECT")
}

// oddNames opens files whose names have blanks, quotes and letters of all kinds.
func (a adminer) oddNames() {
	for table, want := range map[string]string{
		"käse €.csv": "Gouda|3,50\nBrie|4,20", "it's `quoted`.csv": "1|2", "100% _sure.ndjson": `1|[1, 2]|{"a": null}`,
	} {
		a.visit("db", "odd-names")
		a.clickText("#content table.checkable tbody th a", table)
		a.shows(`seen.names("#content h2")`, "Table: "+table)
		a.shot("structure of " + table)
		a.clickText("#content .links a", "Select data")
		a.shows(adminerRows, want)
		a.shot(table)
	}
	a.visit("db", "landing", "select", "logs/")
	a.shows(adminerRows, "1|January\n2|first\n3|February")
	a.shot("logs")
}

// pages visits the pages about the server and the stage.
func (a adminer) pages() {
	for _, page := range [][]string{
		{"variables", ""}, {"status", ""}, {"processlist", ""}, {"privileges", ""}, {"database", ""}, {"db", "landing", "schema", ""}, {"db", "landing", "privileges", ""},
		{"db", "empty"}, {"db", "default"}, {"db", "information_schema"}, {"db", "information_schema", "select", "TABLES"}, {"db", "landing", "view", "logs/"}, {"db", "landing", "table", "logs/"},
		{"db", "landing", "create", ""}, {"db", "landing", "dump", ""},
	} {
		a.visit(page...)
		a.shot(strings.Join(page, " "))
	}
}
