// Command bun makes the tour as users of bun do.
package main

import (
	"context"
	"database/sql"

	_ "github.com/go-sql-driver/mysql"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/mysqldialect"

	. "moreclients/tour"
)

// Line is a line of a.csv.
type Line struct {
	bun.BaseModel `bun:"table:landing.a.csv,alias:l"`

	A int64
	B int64
}

func main() {
	ctx := context.Background()
	pool, err := sql.Open("mysql", DSN())
	Must(err)
	db := bun.NewDB(pool, mysqldialect.New())
	var database string
	Must(db.NewRaw("SELECT DATABASE()").Scan(ctx, &database))
	Say("connect", database)

	var files []string
	Must(db.NewRaw("LIST @"+Stage).Scan(ctx, &files))
	Say("list", files[0])
	readFile(ctx, db)
	var names []string
	Must(db.NewSelect().Column("CHARACTER_SET_NAME").TableExpr("information_schema.CHARACTER_SETS").
		OrderExpr("1").Limit(2).Offset(1).Scan(ctx, &names))
	Say("limit", names[0], names[1])

	Must(db.RunInTx(ctx, nil, func(ctx context.Context, outer bun.Tx) error {
		err := outer.RunInTx(ctx, nil, func(ctx context.Context, inner bun.Tx) error {
			return inner.NewRaw("SELECT nope").Scan(ctx, &database)
		})
		Say("nested", Number(err))
		var one int
		Must(outer.NewRaw("SELECT ?", 1).Scan(ctx, &one))
		Say("outer", one)
		return nil
	}))
	Say("error", Number(db.NewSelect().TableExpr("nope").Scan(ctx, &names)))
	Must(db.Close())
	Say("disconnect", db.Ping() != nil)
}

// readFile reads the file as a table, by conditions, pages and counts.
func readFile(ctx context.Context, db *bun.DB) {
	var lines []Line
	query := func() *bun.SelectQuery {
		return db.NewSelect().Model(&lines).ModelTableExpr("?.? AS l", bun.Ident(Stage), bun.Name("a.csv"))
	}
	n, err := query().Where("l.a = ?", 1).Where("?TableAlias.b IN (?)", bun.In([]int{2, 3})).Order("a DESC").Limit(10).ScanAndCount(ctx)
	Must(err)
	Say("file", len(lines), lines[0].A, lines[0].B, n)
	exists, err := query().Where("a > ?", 5).Exists(ctx)
	Must(err)
	var maps []map[string]any
	Must(db.NewSelect().ColumnExpr("SUM(b) AS sum").TableExpr("?.?", bun.Ident(Stage), bun.Name("a.csv")).
		GroupExpr("a").Having("SUM(b) > ?", 1).Scan(ctx, &maps))
	Say("more", exists, len(maps))
	rows, err := query().Rows(ctx)
	Must(err)
	defer rows.Close()
	for rows.Next() {
		var l Line
		Must(db.ScanRow(ctx, rows, &l))
		Say("row", l.A, l.B)
	}
}
