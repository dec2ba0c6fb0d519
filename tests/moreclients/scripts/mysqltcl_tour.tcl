package require mysqltcl

proc say {step args} { puts "$step: [join $args { | }]" }
proc number {query} {
    catch {mysql::sel $::db $query}
    return $::mysqlstatus(code)
}

set db [mysql::connect -host $env(HOST) -port $env(PORT) -user root -db default -encoding utf-8]
say connect [mysql::sel $db {SELECT DATABASE()} -flatlist]
say list [mysql::sel $db "LIST @$env(STAGE)" -flatlist]
mysql::use $db $env(STAGE)
say tables {*}[mysql::info $db tables]
set query [mysql::query $db {SELECT a, b FROM `a.csv`}]
while {[llength [set row [mysql::fetch $query]]] > 0} { say file {*}$row {*}[mysql::col $query -current name] }
mysql::endquery $query
say quoted {*}[mysql::sel $db "SELECT '[mysql::escape {O'Re\il}]'" -flatlist]
say limit {*}[mysql::sel $db {SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS ORDER BY 1 LIMIT 2 OFFSET 1} -flatlist]
mysql::autocommit $db 0
mysql::exec $db {SAVEPOINT a}
say nested [number {SELECT nope}]
mysql::exec $db {ROLLBACK TO SAVEPOINT a}
say outer [mysql::sel $db {SELECT 1} -flatlist]
mysql::commit $db
say error [number {SELECT * FROM nope}]
mysql::close $db
say disconnect [expr {[catch {mysql::ping $db}] ? {true} : {false}}]
