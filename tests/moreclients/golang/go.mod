module moreclients

go 1.26.0

require (
	github.com/go-sql-driver/mysql v1.10.1 // the driver of both
	github.com/uptrace/bun v1.2.18 // a client
	github.com/uptrace/bun/dialect/mysqldialect v1.2.18 // its MySQL
	gorm.io/driver/mysql v1.6.0 // gorm's MySQL
	gorm.io/gorm v1.31.1 // a client
)

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	github.com/jinzhu/inflection v1.0.0 // indirect
	github.com/jinzhu/now v1.1.5 // indirect
	github.com/puzpuzpuz/xsync/v3 v3.5.1 // indirect
	github.com/tmthrgd/go-hex v0.0.0-20190904060850-447a3041c3bc // indirect
	github.com/vmihailenco/msgpack/v5 v5.4.1 // indirect
	github.com/vmihailenco/tagparser/v2 v2.0.0 // indirect
	golang.org/x/mod v0.33.0 // indirect
	golang.org/x/sys v0.41.0 // indirect
	golang.org/x/text v0.20.0 // indirect
)
