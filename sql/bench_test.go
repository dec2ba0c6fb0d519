package sql

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"select1", "SELECT 1"},
		{"variables", "SELECT @@max_allowed_packet,@@system_time_zone,@@time_zone,@@auto_increment_increment"},
		{"setnames", "SET NAMES utf8mb4"},
		{"set", "set autocommit=1, sql_mode = concat(@@sql_mode,',STRICT_TRANS_TABLES')"},
		{"begin", "START TRANSACTION"},
		{"show", "SHOW VARIABLES LIKE 'lower_case_%'"},
		{"list", "LIST @my_stage/path PATTERN = '.*[.]csv'"},
		{"create", "CREATE STAGE s url = 's3://testbucket/admin/data/' credentials=(aws_key_id='minioadmin' aws_secret_key='minioadmin');"},
		{"insert16MiB", "INSERT INTO t VALUES ('" + strings.Repeat("x", 16<<20) + "')"},
		{"comments16MiB", strings.Repeat("/* a comment */\n", 1<<20) + "SHOW STAGES"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Parse(c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParallelSelect1(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := Parse("SELECT 1"); err != nil {
				b.Error(err)
			}
		}
	})
}
