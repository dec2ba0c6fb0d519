package server

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// executed returns the arguments of an execute's body after its fixed part.
func executed(p *prepared, hexBody string) (string, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(hexBody, " ", ""))
	if err != nil {
		return "", err
	}
	args, err := p.arguments(&fields{b: b})
	var s []string
	for _, a := range args {
		s = append(s, fmt.Sprintf("%d:%s", a.Kind(), a))
	}
	return strings.Join(s, " "), err
}

func TestParameterTypes(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"null type", "00 01 0600", "0:NULL"},
		{"null bit", "01 01 0800", "0:NULL"},
		{"tiny", "00 01 0100 ff", "1:-1"},
		{"tiny unsigned", "00 01 0180 ff", "2:255"},
		{"short", "00 01 0200 0080", "1:-32768"},
		{"short unsigned", "00 01 0280 0080", "2:32768"},
		{"year", "00 01 0d80 ea07", "2:2026"},
		{"int24", "00 01 0900 ffffffff", "1:-1"},
		{"long", "00 01 0300 00000080", "1:-2147483648"},
		{"long unsigned", "00 01 0380 00000080", "2:2147483648"},
		{"longlong", "00 01 0800 ffffffffffffffff", "1:-1"},
		{"longlong unsigned", "00 01 0880 ffffffffffffffff", "2:18446744073709551615"},
		{"float", "00 01 0400 0000c03f", "3:1.5"},
		{"double", "00 01 0500 000000000000f83f", "3:1.5"},
		{"string", "00 01 fd00 03 616263", "4:abc"},
		{"empty string", "00 01 fe00 00", "4:"},
		{"blob, long length", "00 01 fc00 fc0300 616263", "4:abc"},
		{"decimal", "00 01 f600 04 312e3530", "4:1.50"},
		{"date", "00 01 0a00 04 ea07 0c 1f", "4:2026-12-31"},
		{"zero date", "00 01 0a00 00", "4:0000-00-00"},
		{"datetime of a date", "00 01 0c00 04 ea07 0c 1f", "4:2026-12-31 00:00:00"},
		{"datetime", "00 01 0c00 07 ea07 0c 1f 17 3b 3a", "4:2026-12-31 23:59:58"},
		{"timestamp with micros", "00 01 0700 0b ea07 0c 1f 17 3b 3a 01000000", "4:2026-12-31 23:59:58.000001"},
		{"time", "00 01 0b00 08 00 00000000 01 02 03", "4:01:02:03"},
		{"negative time of days", "00 01 0b00 0c 01 02000000 01 02 03 01000000", "4:-49:02:03.000001"},
		{"longest time", "00 01 0b00 0c 01 22000000 16 3b 3b 3f420f00", "4:-838:59:59.999999"},
		{"zero time", "00 01 0b00 00", "4:00:00:00"},
	} {
		got, err := executed(&prepared{stmt: newStmt("echo", "?")}, c.body)
		if err != nil || got != c.want {
			t.Errorf("%s: %s, %v, want %s", c.name, got, err, c.want)
		}
	}
}

func TestMalformedParameters(t *testing.T) {
	for _, body := range []string{
		"", "00", "00 00", "00 01", "00 01 08", "00 01 0800", "00 01 0800 00000000000000", "00 01 fd00", "00 01 fd00 03 6162",
		"00 01 fd00 fb", "00 01 fd00 ff", "00 01 fd00 fe ffffffffffffffff", "00 01 0c00 05 ea07 0c 1f 00", "00 01 0c00 07 ea07",
		"00 01 0b00 07 00", "00 01 f100 00", "00 01 0e00 05 0000000000",
		"00 01 0a00 04 ffff ff ff", "00 01 0a00 04 ea07 0d 01", "00 01 0a00 04 ea07 0c 20", "00 01 0a00 04 1027 01 01",
		"00 01 0a00 07 ea07 0c 1f 18 00 00", "00 01 0c00 07 ea07 0c 1f 18 00 00", "00 01 0c00 07 ea07 0c 1f 00 3c 00",
		"00 01 0c00 07 ea07 0c 1f 00 00 3c", "00 01 0c00 0b ea07 0c 1f 00 00 00 40420f00",
		"00 01 0b00 08 00 22000000 17 3b 3b", "00 01 0b00 08 00 ffffffff 00 00 00", "00 01 0b00 08 00 00000000 00 3c 00",
		"00 01 0b00 08 00 00000000 00 00 3c", "00 01 0b00 0c 00 00000000 00 00 00 40420f00",
	} {
		if got, err := executed(&prepared{stmt: newStmt("echo", "?")}, body); err != error(wrongArguments("mysqld_stmt_execute")) {
			t.Errorf("%q gave %s, %v", body, got, err)
		}
	}
}

func TestTypesAreRemembered(t *testing.T) {
	p := &prepared{stmt: newStmt("echo", "? ?")}
	if got, err := executed(p, "00 01 0100 fd00 05 01 78"); err != nil || got != "1:5 4:x" {
		t.Fatalf("%s, %v", got, err)
	}
	if got, err := executed(p, "00 00 06 01 79"); err != nil || got != "1:6 4:y" {
		t.Errorf("without types: %s, %v", got, err)
	}
	if got, err := executed(p, "01 00 01 7a"); err != nil || got != "0:NULL 4:z" {
		t.Errorf("NULL without types: %s, %v", got, err)
	}
	if got, err := executed(p, "00 01 0800 0800 0100000000000000 0200000000000000"); err != nil || got != "1:1 1:2" {
		t.Errorf("new types: %s, %v", got, err)
	}
}

func TestLongData(t *testing.T) {
	r := start(t, Options{MaxPacket: 1000, MaxStatements: 3})
	c := r.dial(t).login(mysql.CLIENT_DEPRECATE_EOF)
	prepare := func(q string) uint32 {
		b := c.command(mysql.COM_STMT_PREPARE, q)
		wantOK(t, append(b, 0, 0))
		for range binary.LittleEndian.Uint16(b[7:]) {
			c.read()
		}
		return binary.LittleEndian.Uint32(b[1:])
	}
	piece := func(id uint32, param uint16, data string) {
		b := binary.LittleEndian.AppendUint32([]byte{mysql.COM_STMT_SEND_LONG_DATA}, id)
		c.write(0, append(binary.LittleEndian.AppendUint16(b, param), data...))
	}
	execute := func(id uint32, rest string) []byte {
		b := binary.LittleEndian.AppendUint32(nil, id)
		b = append(b, 0, 1, 0, 0, 0)
		answer := c.command(mysql.COM_STMT_EXECUTE, string(b)+rest)
		if answer[0] == mysql.ERR_HEADER {
			return answer
		}
		c.read()
		c.read()
		row := c.read()
		c.read()
		return row
	}
	id := prepare("echo ? ?")
	for range 2 {
		piece(id, 0, "ab")
		piece(id, 0, "cd")
		piece(id, 9, "no such parameter")
		if row := execute(id, "\x00\x01\xfc\x00\xfd\x00\x01x"); !strings.Contains(string(row), "4:abcd\x034:x") {
			t.Errorf("row %q", row)
		}
	}
	if row := execute(id, "\x00\x00\x01y\x01x"); !strings.Contains(string(row), "4:y\x034:x") {
		t.Errorf("the pieces were not forgotten: %q", row)
	}
	piece(id, 1, strings.Repeat("x", 900))
	piece(id, 1, strings.Repeat("x", 900))
	wantErr(t, execute(id, "\x00\x00\x01y"), 1153, "")
	piece(id, 1, "gone")
	wantOK(t, c.command(mysql.COM_STMT_RESET, string(binary.LittleEndian.AppendUint32(nil, id))))
	if row := execute(id, "\x00\x00\x01y\x01z"); !strings.Contains(string(row), "4:y\x034:z") {
		t.Errorf("reset did not forget the pieces: %q", row)
	}
	prepare("ok")
	last := prepare("ok")
	wantErr(t, c.command(mysql.COM_STMT_PREPARE, "ok"), 1461, "#42000Can't create more than max_prepared_stmt_count")
	c.write(0, binary.LittleEndian.AppendUint32([]byte{mysql.COM_STMT_CLOSE}, last))
	prepare("ok")
	wantErr(t, execute(last, ""), 1243, "mysqld_stmt_execute")
	wantOK(t, c.command(mysql.COM_RESET_CONNECTION, ""))
	wantErr(t, execute(id, ""), 1243, "mysqld_stmt_execute")
}

func FuzzExecute(f *testing.F) {
	for _, s := range []string{"00010100ff", "0001fd0003616263", "00010c000bea070c1f173b3a01000000", "010108000b000c", ""} {
		b, _ := hex.DecodeString(s)
		f.Add(b, 1)
		f.Add(b, 9)
	}
	f.Fuzz(func(t *testing.T, body []byte, n int) {
		if n < 0 || n > 300 {
			return
		}
		p := &prepared{stmt: newStmt("echo", strings.Repeat("?", n))}
		for range 2 { // again with the types of the first
			args, err := p.arguments(&fields{b: body})
			if err == nil && len(args) != n {
				t.Errorf("%d arguments for %d parameters", len(args), n)
			}
		}
	})
}

func FuzzHandshakeResponse(f *testing.F) {
	f.Add(handshakeResponsePacket(plainCaps, "root", []byte("x"), "", nativePlugin))
	f.Add(handshakeResponsePacket(plainCaps|mysql.CLIENT_CONNECT_WITH_DB|mysql.CLIENT_CONNECT_ATTRS, "root", nil, "d", sha2Plugin))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, ok := parseHandshakeResponse(b); ok && h.caps&mysql.CLIENT_PROTOCOL_41 == 0 {
			t.Error("a handshake response of an old protocol was taken")
		}
		parseChangeUser(b, plainCaps)
	})
}

func TestAppendTime(t *testing.T) {
	for in, want := range map[string]string{
		"0000-00-00": "00", "0000-00-00 00:00:00": "00", "2026-12-31": "04ea070c1f", "2026-12-31 00:00:00.000000": "04ea070c1f",
		"2026-12-31 23:59:58": "07ea070c1f173b3a", "2026-12-31 23:59:58.5": "0bea070c1f173b3a20a10700",
		"2026-12-31 00:00:00.000001": "0bea070c1f00000001000000",
	} {
		if b, err := appendTime(nil, in); err != nil || hex.EncodeToString(b) != want {
			t.Errorf("%s: %x, %v, want %s", in, b, err, want)
		}
	}
	for _, in := range []string{"", "x", "2026-12", "2026-13-01", "2026-12-32", "2026-12-31 24:00:00", "2026-12-31 1:2", "2026-12-31 00:00:00.x", "10000-01-01", "-1-01-01", "2026-12-31-01"} {
		if b, err := appendTime(nil, in); err == nil {
			t.Errorf("%s was taken as %x", in, b)
		}
	}
}
