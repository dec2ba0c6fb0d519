module example.com/go-uuid

go 1.26.0
