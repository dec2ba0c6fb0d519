package exec

import (
	"time"

	"wharf/sql/eval"

	"wharf"
)

// insertID is the variable last_insert_id.
func (s *Session) insertID() wharf.Value { return wharf.Int(int64(s.lastInsertID)) }

// maxSleep bounds SLEEP, so that its time can be counted.
const maxSleep = 365 * 24 * time.Hour

// sessionFunctions tell of the session, and of the statement before.
func sessionFunctions() map[string]eval.Function {
	ask := func(t wharf.Type, answer func(s *Session) eval.Datum) eval.Function {
		return eval.Function{Max: 0, Typ: eval.Always(t), System: true, Run: func(ev *eval.Evaluation, _ []eval.Datum) (eval.Datum, error) {
			return answer(ev.Session().(*Session)), nil
		}}
	}
	database := ask(wharf.TypeString, func(s *Session) eval.Datum {
		if s.database == "" {
			return eval.NullDatum()
		}
		return eval.StringDatum(s.database)
	})
	user := ask(wharf.TypeString, func(s *Session) eval.Datum { return eval.StringDatum(s.client.Principal.User + "@" + s.client.Host) })
	return map[string]eval.Function{
		"VERSION":        ask(wharf.TypeString, func(s *Session) eval.Datum { return eval.StringDatum(s.executor.version) }),
		"DATABASE":       database,
		"SCHEMA":         database,
		"USER":           user,
		"SESSION_USER":   user,
		"SYSTEM_USER":    user,
		"CURRENT_USER":   {Max: 0, Typ: eval.Always(wharf.TypeString), System: true, Run: currentUser},
		"CURRENT_ROLE":   {Max: 0, Typ: eval.Always(wharf.TypeString), System: true, Run: currentRole},
		"CONNECTION_ID":  ask(wharf.TypeUint, func(s *Session) eval.Datum { return eval.UintDatum(uint64(s.client.ID)) }),
		"ROW_COUNT":      ask(wharf.TypeInt, func(s *Session) eval.Datum { return eval.IntDatum(s.rowCount) }),
		"FOUND_ROWS":     ask(wharf.TypeUint, func(s *Session) eval.Datum { return eval.UintDatum(s.foundRows) }),
		"LAST_INSERT_ID": {Max: 1, Typ: eval.Always(wharf.TypeUint), Run: lastInsertID},
		"SLEEP":          {Min: 1, Max: 1, Typ: eval.Always(wharf.TypeInt), Run: sleep},
	}
}

// lastInsertID is LAST_INSERT_ID. Nothing in Wharf counts by itself, so there is an ID only where
// the function was given it.
func lastInsertID(ev *eval.Evaluation, args []eval.Datum) (eval.Datum, error) {
	s := ev.Session().(*Session)
	if len(args) == 0 {
		return eval.UintDatum(s.lastInsertID), nil
	}
	s.lastInsertID = 0
	if args[0].IsNull() {
		return eval.NullDatum(), nil
	}
	s.lastInsertID = uint64(args[0].ToInt())
	return eval.UintDatum(s.lastInsertID), nil
}

// sleep waits, and gives 0. A KILL or a deadline ends it early: with the
// error, as MySQL does where SLEEP is all that a statement does.
func sleep(ev *eval.Evaluation, args []eval.Datum) (eval.Datum, error) {
	seconds := args[0].ToFloat()
	if args[0].IsNull() || seconds < 0 {
		return eval.NullDatum(), wharf.Errorf(wharf.CodeInvalid, "Incorrect arguments to sleep")
	}
	wait := maxSleep
	if seconds < maxSleep.Seconds() {
		wait = time.Duration(seconds * float64(time.Second))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return eval.IntDatum(0), nil
	case <-ev.Ctx.Done():
		return eval.NullDatum(), wharf.WrapError(wharf.CodeCanceled, "exec.sleep", "", ev.Ctx.Err())
	}
}
