package eval

import "wharf"

// Prepared is a query that an engine has made ready to run, within the session
// that it was prepared for.
type Prepared interface {
	Columns() []wharf.Column
	// Rows runs the query. Its rows count as held by the evaluation's account.
	Rows(ev *Evaluation) ([][]wharf.Value, error)
}
