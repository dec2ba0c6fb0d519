package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"wharf"
)

// formPart is a part of a form with the boundary B and the given header lines.
func formPart(content string, lines ...string) string {
	return "--B\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n" + content + "\r\n"
}

const fieldLine = `Content-Disposition: form-data; name="upload"`

// mixed is a part that holds files of its own, with the boundary M.
func mixed(parts string) string {
	return formPart("--M\r\n"+parts+"\r\n--M--\r\n", fieldLine, "Content-Type: multipart/mixed; boundary=M")
}

const inner = "Content-Disposition: attachment; filename="

// TestFormNested reads the files of curl -F upload=@a,b, between others.
func TestFormNested(t *testing.T) {
	f := start(t)
	big := strings.Repeat("0123456789abcdef\r\n--", 20_000)
	form := filePart("first", "1") +
		mixed(inner+"\"a\"\r\nContent-Type: application/octet-stream\r\n\r\nA\r\n--M\r\n"+inner+"b\r\n\r\n"+big+"\r\n--M\r\n"+inner+"\"empty\"\r\n\r\n") +
		filePart("c", "C") + mixed(inner+"d\r\n\r\nD") + formEnd
	a := f.upload(form)
	if a.status != 200 || strings.Join(a.Files, " ") != "first a b empty c d" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for name, want := range map[string]string{"first": "1", "a": "A", "b": big, "empty": "", "c": "C", "d": "D"} {
		if got, _ := f.content(name); got != want {
			t.Errorf("%s holds %d bytes %.20q, want %d", name, len(got), got, len(want))
		}
	}
}

// TestFormLosesNothing: what may be a file, and is sent in a shape that is not
// read, is refused by name; what comes before it stays.
func TestFormLosesNothing(t *testing.T) {
	good := filePart("good", "x")
	for _, c := range []struct{ name, part, says string }{
		{"curl -F upload=<a", formPart("1,2", fieldLine), "curl -F upload=@file"},
		{"curl -F data=<a", formPart("1,2\n3,4\n", `Content-Disposition: form-data; name="data"`), "-F data=@file"},
		{"binary content", formPart("PAR1\x00\x15", `Content-Disposition: form-data; name="data"`), "no filename"},
		{"no field's name", formPart("1\n", `Content-Disposition: form-data`), "no filename"},
		{"octets", formPart("x", `Content-Disposition: form-data; name="data"`, "Content-Type: application/octet-stream"), "no filename"},
		{"CSV", formPart("x", `Content-Disposition: form-data; name="data"`, "Content-Type: text/csv; charset=utf-8"), "no filename"},
		{"JSON", formPart("{}", `Content-Disposition: form-data; name="data"`, "Content-Type: application/json"), "no filename"},
		{"name of the type", formPart("x", `Content-Disposition: form-data; name="data"`, `Content-Type: text/plain; name="a.txt"`), "no filename"},
		{"unreadable type", formPart("x", `Content-Disposition: form-data; name="data"`, `Content-Type: text/plain; a`), "no filename"},
		{"alternative", formPart("x", fieldLine, "Content-Type: multipart/alternative; boundary=M"), "multipart/alternative"},
		{"related", formPart("x", `Content-Disposition: form-data; name="data"`, "Content-Type: Multipart/Related; boundary=M"), "Multipart/Related"},
		{"mixed without a boundary", formPart("x", fieldLine, "Content-Type: multipart/mixed"), "boundary"},
		{"mixed with another boundary", formPart("--N\r\n"+inner+"a\r\n\r\nx\r\n--N--", fieldLine, "Content-Type: multipart/mixed; boundary=M"), "closing boundary"},
		{"mixed that is cut off", formPart("--M\r\n"+inner+"a\r\n\r\nx", fieldLine, "Content-Type: multipart/mixed; boundary=M"), "closing boundary"},
		{"mixed in mixed", mixed("Content-Disposition: attachment\r\nContent-Type: multipart/mixed; boundary=N\r\n\r\n--N\r\n" + inner + "a\r\n\r\nx\r\n--N--"), "no filename"},
		{"mixed without a filename", mixed("Content-Disposition: attachment\r\n\r\nx"), "no filename"},
		{"mixed, inline", mixed("Content-Disposition: inline; filename=a\r\n\r\nx"), "other than attachment"},
		{"attachment", formPart("x", "Content-Disposition: attachment; filename=a"), "other than form-data"},
		{"no name and bytes", filePart("", "x"), "name"},
		{"folded", formPart("x", fieldLine+";", ` filename="a"`), "folded"},
		{"folded with a tab", formPart("x", fieldLine+`; filename="a"`, "Content-Type: text/csv;", "\tcharset=utf-8"), "folded"},
		{"two types", formPart("x", fieldLine, "Content-Type: text/plain", "content-type: text/plain"), "two"},
		{"unknown charset", filePart("=?koi8-r?B?wcLD?=", "x"), "UTF-8"},
		{"a name twice", filePart("good", "y"), "two files with the name \"good\""},
		{"a name twice, within", mixed(inner + "good\r\n\r\ny"), "two files with the name"},
		{"a name twice, encoded", formPart("y", fieldLine+"; filename*=utf-8''go%6fd"), "two files with the name"},
		{"a piece", formPart("y", fieldLine+`; filename="piece"`, "content-range: bytes 0-0/2"), "send it whole"},
		{"sections with a gap", formPart("x", fieldLine+`; filename*0="a"; filename*2="b"`), "sections"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := start(t)
			a := f.upload(good + c.part + filePart("later", "x") + formEnd)
			if !strings.Contains(a.Error.Message, c.says) || a.status != 400 || a.Error.Code != wharf.CodeInvalid {
				t.Errorf("%d %s, want 400 and %q", a.status, a.body, c.says)
			}
			if got, _ := f.content("good"); got != "x" {
				t.Error("the file before it is gone")
			}
			if _, there := f.content("later"); there {
				t.Error("the file after it landed")
			}
		})
	}
}

// TestFormManyNames: also among many files, none replaces another.
func TestFormManyNames(t *testing.T) {
	var form strings.Builder
	const files = 100
	for i := range files {
		form.WriteString(filePart(fmt.Sprint("n", i), fmt.Sprint(i)))
	}
	f := start(t)
	if a := f.upload(form.String() + formEnd); a.status != 200 || len(a.Files) != files {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, twice := range []string{"n0", "n50", "n99"} {
		f := start(t)
		a := f.upload(form.String() + filePart(twice, "other") + formEnd)
		if a.status != 400 || len(a.Files) != files || !strings.Contains(a.Error.Message, twice) {
			t.Errorf("%s twice: %d %s", twice, a.status, a.body)
		}
		if got, _ := f.content(twice); got != twice[1:] {
			t.Errorf("%s holds %q", twice, got)
		}
	}
}

// TestFormPieces: a client that sends a file in pieces, each with the file's
// name, would end up with the last one.
func TestFormPieces(t *testing.T) {
	f := start(t)
	for header, says := range map[string]string{"Content-Range:bytes 0-0/2": "send it whole", "X-Amz-Copy-Source:/s/other": "x-amz-copy-source"} {
		if a := f.upload(filePart("a", "1")+formEnd, header); a.status < 400 || !strings.Contains(a.Error.Message, says) {
			t.Errorf("%s: %d %s", header, a.status, a.body)
		}
		if a := f.do(f.request("PUT", stageURL("a"), strings.NewReader(""), header, "Content-Length:0")); a.status < 400 || !strings.Contains(a.Error.Message, says) {
			t.Errorf("PUT, %s: %d %s", header, a.status, a.body)
		}
	}
	f.wantStored()
}

// TestMisspeltDestination: a folder whose header is not known would be left out,
// and the file would lie elsewhere.
func TestMisspeltDestination(t *testing.T) {
	f := start(t)
	for _, header := range []string{"Relative-Path", "X-Relative-Path", "X_relative_path", "Stage-Name", "X-Stage-Name", "X_stage_name"} {
		a := f.upload(filePart("a", "1")+formEnd, header+":there")
		if a.status != 400 || !strings.Contains(a.Error.Message, strings.ToLower(header)) || !strings.Contains(a.Error.Message, "x-databend-relative-path") {
			t.Errorf("%s: %d %s", header, a.status, a.body)
		}
	}
	f.wantStored()
}

// TestQueryIsNoName: a '?' that was not escaped cuts a name off. What is
// stored or removed then would be another file.
func TestQueryIsNoName(t *testing.T) {
	f := start(t)
	f.put("a", "old")
	for _, query := range []string{"?b.csv", "?", "?x=1", "?uploadId=1&partNumber=2", "?%3F"} {
		for _, method := range []string{"PUT", "DELETE"} {
			if a := f.do(f.request(method, "/v1/stage/s/a"+query, strings.NewReader("new"))); a.status != 400 || !strings.Contains(a.Error.Message, "%3F") {
				t.Errorf("%s %s: %d %s", method, query, a.status, a.body)
			}
		}
	}
	if got, _ := f.content("a"); got != "old" {
		t.Errorf("a holds %q", got)
	}
	if a := f.do(f.request("PUT", "/v1/stage/s/a%3Fb.csv", strings.NewReader("x"))); a.status != 200 || a.Files[0] != "a?b.csv" {
		t.Errorf("escaped: %d %s", a.status, a.body)
	}
	req := f.request("PUT", uploadPath+"?relative_path=there", strings.NewReader(filePart("b", "x")+formEnd), toStage, formType)
	if a := f.do(req); a.status != 400 || !strings.Contains(a.Error.Message, "relative_path") {
		t.Errorf("a form with a query: %d %s", a.status, a.body)
	}
	f.wantStored("a", "a?b.csv")
}

// TestFormStrayBoundaries: a boundary before the form's first line or after its
// last one begins no part, and what follows it would be skipped.
func TestFormStrayBoundaries(t *testing.T) {
	a, b := filePart("a", "1"), filePart("b", "2")
	for name, form := range map[string]string{
		"LF in front":       "\n" + a + b + formEnd,
		"after the form":    a + formEnd + b + formEnd,
		"in the first line": "form: " + a + b + formEnd,
	} {
		f := start(t)
		if got := f.upload(form); got.status != 400 || !strings.Contains(got.Error.Message, "boundary") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	f := start(t)
	if got := f.upload(a + formEnd + formEnd); got.status != 200 || len(got.Files) != 1 {
		t.Errorf("closed twice: %d %s", got.status, got.body)
	}
	if got := f.upload("\r\nThis is a form.\r\n" + a + b + formEnd + "\r\nThat was it.\r\n"); got.status != 200 || len(got.Files) != 2 {
		t.Errorf("text around the form: %d %s", got.status, got.body)
	}
}

// TestFormUnfilled: a file field that was left empty is nothing, unless it is
// all there is.
func TestFormUnfilled(t *testing.T) {
	f := start(t)
	for _, form := range []string{
		filePart("", "") + filePart("a", "x"), filePart("b", "x") + filePart("", ""),
		formPart("", fieldLine) + filePart("c", "x"),
		formPart("", `Content-Disposition: form-data; name="f"`, "Content-Type: application/octet-stream") + filePart("d", ""),
		formPart("ok", `Content-Disposition: form-data; name="submit"`) + formPart("grüße\t!", `Content-Disposition: form-data; name="n"`, "Content-Type: text/plain; charset=utf-8") + filePart("e", ""),
	} {
		if a := f.upload(form + formEnd); a.status != 200 || len(a.Files) != 1 {
			t.Errorf("%q: %d %s", form, a.status, a.body)
		}
	}
	f.wantStored("a", "b", "c", "d", "e")
	a := f.upload(filePart("", "") + formEnd)
	f.wantFailed(a, 400, wharf.CodeInvalid)
	if !strings.Contains(a.Error.Message, "left empty") {
		t.Errorf("%s", a.body)
	}
}

// TestFormEncodedNames are what PowerShell and Python's email package send.
func TestFormEncodedNames(t *testing.T) {
	f := start(t)
	form := filePart("=?utf-8?B?w7xiZXIuY3N2?=", "1") + filePart("=?utf-8?B??=x", "2") +
		formPart("3", fieldLine+`; filename*0="long-"; filename*1="name.csv"`) +
		formPart("4", fieldLine+`; filename*0*=utf-8''%C3%BC; filename*1*=b.csv`) + formEnd
	a := f.upload(form)
	if a.status != 200 || strings.Join(a.Files, "|") != "über.csv|=?utf-8?B??=x|long-name.csv|üb.csv" {
		t.Errorf("%d %s", a.status, a.body)
	}
	f.wantStored("=?utf-8?B??=x", "long-name.csv", "üb.csv", "über.csv")
}
