//go:build moreclients

package moreclients

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"wharf/tests/harness"
)

const phpMyAdmin = "/usr/share/phpmyadmin"

// servePHPMyAdmin serves Debian's phpMyAdmin, with a configuration of its own.
func servePHPMyAdmin(t *testing.T, s *harness.Server) string {
	t.Helper()
	host, port, err := net.SplitHostPort(s.MySQL)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	site, config, cache := filepath.Join(dir, "site"), filepath.Join(dir, "config.inc.php"), filepath.Join(dir, "tmp")
	text := fmt.Sprintf(`<?php
$cfg['blowfish_secret'] = '0123456789abcdef0123456789abcdef';
$cfg['Servers'][1] = ['auth_type' => 'cookie', 'host' => '%s', 'port' => '%s'];
$cfg['SendErrorReports'] = 'never';
$cfg['VersionCheck'] = false;
$cfg['ZeroConf'] = false;
`, host, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	linkAll(t, phpMyAdmin, site, "index.php")
	for folder, scripts := range map[string][]string{"libraries": nil, "js": {"messages.php"}} {
		if err := os.Remove(filepath.Join(site, folder)); err != nil {
			t.Fatal(err)
		}
		linkAll(t, filepath.Join(phpMyAdmin, folder), filepath.Join(site, folder), scripts...)
	}
	vendor := filepath.Join("libraries", "vendor_config.php")
	edit(t, filepath.Join(phpMyAdmin, vendor), filepath.Join(site, vendor), "/etc/phpmyadmin/config.inc.php", config, "/var/lib/phpmyadmin/tmp/", cache+"/")
	if err := os.Mkdir(cache, 0o700); err != nil {
		t.Fatal(err)
	}
	return servePHP(t, site, "") + "/index.php"
}

// myAdmin is phpMyAdmin in a browser.
type myAdmin struct {
	*tab
	at string
}

func TestPHPMyAdmin(t *testing.T) {
	s := landed(t)
	p := myAdmin{at: servePHPMyAdmin(t, s), tab: openChromium(t, ".alert-danger, .ajax_notification .error, #pma_errors")}
	p.open(p.at)
	p.shot("login")
	p.fill("#input_username", "root")
	p.fill("#input_password", password)
	p.click("#input_go")
	p.shows(`seen.names("#pma_navigation_tree .database > a.hover_show_full")`, "default|empty|information_schema|landing|odd-names")
	p.shot("home")
	p.browse()
	p.find()
	p.exports()
	p.types()
	p.console()
	p.oddNames()
	p.server()
	// It looks for tables of its own and for MySQL's, and for a variable that MySQL
	// 8.0 does not have either, and does without.
	noErrors(t, s, []string{"SHOW TABLES FROM `phpmyadmin`", "SELECT 1 FROM mysql.user LIMIT 1", "SELECT @@storage_engine"})
}

// visit opens a page by its address.
func (p myAdmin) visit(route string, args ...string) {
	p.t.Helper()
	query := url.Values{}
	for i := 0; i < len(args); i += 2 {
		query.Set(args[i], args[i+1])
	}
	p.open(p.at + "?route=" + route + "&" + query.Encode())
}

const (
	cargoRows = `seen.rows("table.table_results tbody tr", "td.data")`
	cargoIDs  = `seen.rows("table.table_results tbody tr", "td.data:nth-of-type(1)")`
)

// browse goes from the tree to a file's rows, turns a page and sorts.
func (p myAdmin) browse() {
	p.click(`#pma_navigation_tree .database > a[title="Structure"][href*="db=landing"]`)
	p.shows(`seen.names("#tablesForm tbody th > a:first-child")`, "cargo.parquet|logs/|logs/2026-01.csv|logs/2026-02.csv")
	p.shows(`seen.names("#pma_navigation_tree li.nav_node_table > a.hover_show_full")`, "cargo.parquet|logs/2026-01.csv|logs/2026-02.csv")
	p.shot("tables")
	p.click(`#tablesForm tbody th > a[href*="cargo.parquet"]`)
	p.await(cargoRows + `.split("\n").length === 25`)
	p.shows(cargoRows+`.split("\n")[6]`, "7|item 0007 käse|7.00|2026-01-08|2026-01-01 10:00:00.000007|NULL|short")
	p.shot("rows")
	p.click(`input[name="navig"][title="Next"]`)
	p.shows(cargoRows+`.split("\n")[0]`, "26|item 0026 käse|26.00|2026-01-27|2026-01-01 10:00:00.000026|1|short")
	p.shot("page 2")
	p.click(`th[data-column="price"] a.sortlink`)
	p.shows(cargoRows+`.split("\n")[0]`, "1|item 0001 käse|1.00|2026-01-02|2026-01-01 10:00:00.000001|1|short")
	p.click(`th[data-column="price"] a.sortlink`)
	p.shows(cargoRows+`.split("\n")[1]`, "999|item 0999 käse|999.00|2028-09-26|2026-01-01 10:00:00.000999|4|short")
	p.shot("sorted")
	p.visit("/database/structure", "db", "landing") // its rows are known now
	p.shows(`seen.names('#tablesForm .tbl_rows[data-table="cargo.parquet"]')`, "1,000")
}

// find searches in a file, and in all files of a stage.
func (p myAdmin) find() {
	p.visit("/table/search", "db", "landing", "table", "cargo.parquet")
	p.fill(`select[name="criteriaColumnOperators[1]"]`, "LIKE %...%")
	p.fill(`input[name="criteriaValues[1]"]`, "100 k")
	p.fill(`select[name="criteriaColumnOperators[3]"]`, ">=")
	p.fill(`input[name="criteriaValues[3]"]`, "2026-01-01")
	p.click(`#tbl_search_form input[type="submit"]`)
	p.shows(cargoRows, "100|item 0100 käse|100.00|2026-04-11|2026-01-01 10:00:00.000100|0|"+strings.Repeat("long text ", 5)+"...")
	p.shot("found")
	p.visit("/database/search", "db", "landing")
	p.fill(`input[name="criteriaSearchString"]`, "January")
	p.click("#select_all")
	p.click(`#buttonGo`)
	p.await(`document.querySelector("#searchresults").innerText.includes("Total: 2 matches")`)
	p.shot("found in the stage")
}

// exports checks what arrives of a file as CSV and as SQL.
func (p myAdmin) exports() {
	export := func(table, format string) string {
		p.visit("/table/export", "db", "landing", "table", table, "single_table", "true")
		p.fill("#plugins", format)
		p.shot("export " + table + " " + format)
		return p.download(func() { p.click("#buttonGo") })
	}
	sameText(p.t, "logs/ as CSV", export("logs/", "csv"), "\"id\",\"name\"\n\"1\",\"January\"\n\"2\",\"first\"\n\"3\",\"February\"\n")
	text := export("cargo.parquet", "csv")
	if n := strings.Count(text, "\n"); n != 1001 {
		p.t.Errorf("cargo.parquet as CSV has %d lines", n)
	}
	contains(p.t, "cargo.parquet as CSV", text, "\"7\",\"item 0007 käse\",\"7.00\",\"2026-01-08\",\"2026-01-01 10:00:00.000007\",NULL,\"short\"\n", "\""+strings.Repeat("long text ", 100)+"\"\n")
	contains(p.t, "cargo.parquet as SQL", export("cargo.parquet", "sql"), "CREATE TABLE `cargo.parquet` (\n", "  `price` decimal(10,2),\n",
		"(7, 'item 0007 käse', 7.00, '2026-01-08', '2026-01-01 10:00:00.000007', NULL, 'short'),\n", "\n(1000, 'item 1000 käse',")
}

// types runs statements in the SQL box and in the console.
func (p myAdmin) types() {
	run := func(text string) {
		p.visit("/database/sql", "db", "landing")
		p.await(`document.querySelector("#sqlqueryform .CodeMirror").CodeMirror`)
		p.do("type", chromedp.Evaluate(fmt.Sprintf(`document.querySelector("#sqlqueryform .CodeMirror").CodeMirror.setValue(%q)`, text), nil))
		p.click("#button_submit_query")
	}
	run("LIST @landing")
	p.shows(`seen.rows("table.table_results tbody tr", "td.data:nth-of-type(1)")`, "cargo.parquet\nlogs/2026-01.csv\nlogs/2026-02.csv")
	p.shot("LIST")
	run("SHOW FILES FROM @landing/logs/")
	p.shows(`seen.rows("table.table_results tbody tr", "td.data:nth-of-type(1)")`, "logs/2026-01.csv\nlogs/2026-02.csv")
	p.shot("SHOW FILES")
	run("SELECT COUNT(*), MIN(`day`), SUM(price) FROM `cargo.parquet`")
	p.shows(cargoRows, "1000|2026-01-02|500500.00")
	p.shot("SELECT")
}

// console runs a statement in the console, which stands on every page.
func (p myAdmin) console() {
	p.visit("/database/structure", "db", "landing")
	p.click("#pma_console .switch_button")
	p.await(`document.querySelector(".console_query_input .CodeMirror").CodeMirror`)
	p.do("type in the console", chromedp.Evaluate("(() => { const c = document.querySelector('.console_query_input .CodeMirror').CodeMirror;"+
		" c.setValue('SELECT name FROM `logs/` ORDER BY id DESC'); c.focus() })()", nil), chromedp.KeyEvent("\r", chromedp.KeyModifiers(input.ModifierCtrl)))
	p.shows(cargoRows, "February\nfirst\nJanuary")
	p.shot("console")
}

// oddNames opens files whose names have blanks, quotes and letters of all kinds.
func (p myAdmin) oddNames() {
	for table, want := range map[string]string{
		"käse €.csv": "Gouda|3,50\nBrie|4,20", "it's `quoted`.csv": "1|2", "100% _sure.ndjson": `1|[1, 2]|{"a": null}`,
	} {
		p.visit("/database/structure", "db", "odd-names")
		p.clickText("#tablesForm th > a", table)
		p.shows(cargoRows, want)
		p.shot(table)
		p.visit("/table/structure", "db", "odd-names", "table", table)
		p.shot("structure of " + table)
	}
}

// server visits the pages about the server.
func (p myAdmin) server() {
	for _, page := range []string{"/server/status", "/server/status/processes", "/server/status/queries", "/server/status/variables", "/server/status/advisor", "/server/variables",
		"/server/databases", "/server/collations", "/server/engines", "/server/plugins"} {
		p.visit(page)
		p.shot(page)
	}
	p.visit("/server/status/monitor")
	p.await(`performance.getEntriesByType("resource").some(e => e.name.includes("/server/status/monitor/chart") && e.responseEnd > 0)`)
	p.shot("monitor")
}
