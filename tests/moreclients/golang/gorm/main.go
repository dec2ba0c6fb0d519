// Command gorm makes the tour as users of gorm do.
package main

import (
	"errors"

	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	. "moreclients/tour"
)

// Line is a line of a.csv.
type Line struct {
	A, B int64
}

func main() {
	db, err := gorm.Open(mysql.Open(DSN()), &gorm.Config{Logger: logger.Discard, PrepareStmt: true})
	Must(err)
	var database string
	Must(db.Raw("SELECT DATABASE()").Scan(&database).Error)
	Say("connect", database)

	var files []struct{ FileName string }
	Must(db.Raw("LIST @" + Stage).Scan(&files).Error)
	Say("list", files[0].FileName)
	readFile(db)
	var names []string
	Must(db.Table("information_schema.CHARACTER_SETS").Order("CHARACTER_SET_NAME").Limit(2).Offset(1).Pluck("CHARACTER_SET_NAME", &names).Error)
	Say("limit", names[0], names[1])

	Must(db.Transaction(func(outer *gorm.DB) error {
		err := outer.Transaction(func(inner *gorm.DB) error { return inner.Raw("SELECT nope").Scan(&database).Error })
		Say("nested", Number(err))
		var one int
		Must(outer.Raw("SELECT ?", 1).Scan(&one).Error)
		Say("outer", one)
		return nil
	}))
	Say("error", Number(db.Table("nope").Find(&files).Error))
	pool, err := db.DB()
	Must(err)
	Must(pool.Close())
	Say("disconnect", pool.Ping() != nil)
}

// readFile reads the file as a table, by conditions, by pages and one by one. Of a
// table whose name has several dots, gorm does not know the name: it has an alias.
func readFile(db *gorm.DB) {
	table := func() *gorm.DB { return db.Table(Stage + ".`a.csv` AS l") }
	var lines []Line
	Must(table().Where("a = ?", 1).Where(map[string]any{"b": []int{2, 3}}).Order("a").Limit(10).Find(&lines).Error)
	var count int64
	Must(table().Where(&Line{B: 2}).Count(&count).Error)
	Say("file", len(lines), lines[0].A, lines[0].B, count)
	var first Line
	Must(table().Take(&first, "b BETWEEN ? AND ?", 1, 2).Error)
	missing := table().Where("a > ?", 5).Take(&Line{}).Error
	Say("one", first.B, errors.Is(missing, gorm.ErrRecordNotFound))
	var sums []struct{ Sum, Least float64 }
	Must(table().Select("SUM(b) AS sum, MIN(a) AS least").Group("a").Having("SUM(b) > ?", 1).Scan(&sums).Error)
	Say("more", len(sums), sums[0].Sum)
	rows, err := table().Rows()
	Must(err)
	defer rows.Close()
	for rows.Next() {
		var l Line
		Must(db.ScanRows(rows, &l))
		Say("row", l.A, l.B)
	}
}
