package main

import (
	"fmt"
	"io"
	"strings"
)

const helpHead = `Wharf is a stage server: a place where data files land before they are loaded.
Make a stage with any MySQL client, upload into it with curl, list and fetch
what landed.

Usage:
  wharf serve [--new-catalog] [flags]
                        run the server until INT, TERM or HUP; --new-catalog
                        begins with an empty catalog where it is missing
  wharf check [--repair] [flags]
                        verify the data folder of a stopped server: one line
                        for each fault, exit status 1 if there is any;
                        --repair puts aside what is broken and keeps the rest
  wharf rekey [--new-key-file FILE] [flags]
                        seal the secrets of a stopped server under a new key:
                        the one in FILE, which is made where it is missing, or
                        a new one in the place of the present key
  wharf users export [--addr HOST:PORT] [--user NAME] [--password-file FILE]
                     [--tls-ca FILE] [--tls-insecure]
  wharf users import [the same flags] FILE
                        write the users, roles and grants of a server that runs
                        as statements, and run such a file; --addr is its MySQL
                        port, 127.0.0.1:3307 by default; the password is in
                        MYSQL_PWD or in the first line of --password-file
  wharf version         print the version
  wharf --help          print this

Settings of serve. Each is a flag, a variable, and a key of the config file
(TOML, --config FILE or WHARF_CONFIG); a flag beats a variable, a variable
beats the file, the file beats the default.

`

const helpTail = `
  WHARF_ROOT_PASSWORD
      root's password for both ports; there is no flag, because others can read
      a command line
  WHARF_KEY
      the key that seals secrets, in base64 or hexadecimal, instead of
      --key-file and --key-command

Try it:
  wharf serve
  mysql -h127.0.0.1 -P3307 -uroot -e 'CREATE STAGE s'
  curl -H stage_name:s -F upload=@data.csv -XPUT http://localhost:8000/v1/upload_to_stage
  mysql -h127.0.0.1 -P3307 -uroot -e 'LIST @s'
`

func writeHelp(w io.Writer) error {
	var b strings.Builder
	b.WriteString(helpHead)
	for _, s := range settings {
		fmt.Fprintf(&b, "  --%s %s\n", s.name, s.arg)
		for _, line := range wrap(s.usage, 72) {
			fmt.Fprintf(&b, "      %s\n", line)
		}
		vars := append([]string{s.envName()}, s.env...)
		fmt.Fprintf(&b, "      variable %s", strings.Join(vars, ", else "))
		if s.value != "" {
			fmt.Fprintf(&b, "; default %s", s.value)
		}
		b.WriteString("\n")
	}
	b.WriteString(helpTail)
	_, err := io.WriteString(w, b.String())
	return err
}

// wrap breaks text into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
