package wharf

import "time"

// Event is something that a client did or tried: a statement, an HTTP request,
// or a login. A listener makes one when it has ended. Nothing in it is secret.
type Event struct {
	Listener   string // "http" or "mysql"
	Connection uint64 // number of the connection within its listener; 0 if it has none
	Request    string // ID of an HTTP request
	From       string // the client's address

	// User is who the client is, or, if Err refuses a login, who it said to be.
	User string
	// Action is one of a small set: "upload", "CREATE STAGE", "login".
	Action string
	// Places returns the locations that it names, as they were sent: s, s/path.
	Places func() []string
	// Statement returns a SQL statement without its string values.
	Statement func() string

	Begun          time.Time
	Took           time.Duration
	Received, Sent int64 // bytes of the bodies of an HTTP request
	Status         int   // of HTTP, or MySQL's error number
	Err            error // nil if it was done
}

// Observer is told of events. It is safe for concurrent use, and returns soon.
// It keeps no Event.
type Observer func(*Event)
