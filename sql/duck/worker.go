//go:build linux && !noduck

package duck

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// limits is what a worker is told first: the two folders that it may use, and
// its bounds.
type limits struct {
	Files         string // the files of its statements; it may read them
	Temp          string // it may write there
	Memory        int64  // bytes that the database may hold
	ProcessMemory int64  // bytes of the process: the wall behind Memory
	TempSpace     int64  // bytes in Temp
	Threads       int
	Unlocked      bool // tests only: the database's own locks are off, the sandbox is on
}

// confinement is what a worker says of itself when it is ready.
type confinement struct {
	Missing []string // what the kernel does not have
}

func (c *confinement) missing(what string) { c.Missing = append(c.Missing, what) }

// statement is one statement for a worker.
type statement struct {
	SQL      string
	Decimals []int  // digits of the seconds of its columns, -1 for those that have none
	Unload   bool   // it is a COPY to the worker's own folder
	Describe bool   // only its columns
	State    []byte `json:",omitempty"` // of the session, for the expressions that the worker computes itself
}

// failure is an error as a worker reports it.
type failure struct {
	Kind string // "Binder Error", as the database calls it
	Text string
}

func (f failure) Error() string { return f.Kind + ": " + f.Text }

// Work is the whole life of a worker process: it serves the statements that
// arrive on the socket, one at a time, until the server closes it.
func Work(socket *os.File, evaluator Evaluator) error {
	evaluation.evaluator = evaluator
	f := newFramed(socket)
	kind, payload, err := f.read()
	if err != nil {
		return err
	}
	var l limits
	if err := json.Unmarshal(payload, &l); err != nil || kind != frameLimits {
		return errors.Join(err, errors.New("a worker is started by the server alone"))
	}
	db, confined, err := openConfined(l)
	if err != nil {
		return err
	}
	if err := f.send(frameReady, confined); err != nil {
		return err
	}
	for {
		if err := serve(f, db); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// openConfined opens the database in a process that is confined from before
// the database starts a thread.
func openConfined(l limits) (*database, confinement, error) {
	c, err := confine(l)
	if err != nil {
		return nil, c, err
	}
	db, err := openDatabase(l)
	if err != nil {
		return nil, c, err
	}
	return db, c, narrow(l)
}

// serve serves one statement. An error ends the worker.
func serve(f *framed, db *database) error {
	conn, err := db.connect()
	if err != nil {
		return err
	}
	defer conn.close()
	for {
		kind, payload, err := f.read()
		if err != nil {
			return err
		}
		switch kind {
		case frameRelation:
			var r relation
			if err := json.Unmarshal(payload, &r); err != nil {
				return err
			}
			if err := conn.load(f, r); err != nil {
				return err
			}
		case frameFiles:
			if err := doTasks(f, payload); err != nil {
				return err
			}
		case frameShrink:
			giveBack()
			if err := f.send(frameShrunk, nil); err != nil {
				return err
			}
		case frameQuery:
			var st statement
			if err := json.Unmarshal(payload, &st); err != nil {
				return err
			}
			beginEvaluation(st.State)
			return answer(f, conn, st)
		default:
			return fmt.Errorf("a frame %q where a statement begins", kind)
		}
	}
}

// answer runs a statement and writes its columns, its rows and its end.
func answer(f *framed, conn *connection, st statement) error {
	q, err := conn.prepare(st)
	if err == nil {
		defer q.close()
		err = f.send(frameColumns, q.columns)
		if err != nil {
			return err
		}
		if !st.Describe {
			takeWarnings() // of what was computed for the plan: it is computed again
			err = q.rows(f)
		}
	}
	var failed failure
	if errors.As(err, &failed) {
		return f.send(frameError, failed)
	}
	if err != nil {
		return err
	}
	return f.send(frameDone, takeWarnings())
}
