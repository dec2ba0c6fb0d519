module example.com/bolt

go 1.26.0
