module bad

go 1.26.0

require (
	example.com/bolt v0.0.0
	example.com/go-uuid v0.0.0
)

replace (
	example.com/bolt => ./bolt
	example.com/go-uuid => ./uuid
)
