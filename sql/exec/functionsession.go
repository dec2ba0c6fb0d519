package exec

import (
	"time"

	"wharf"
)

// maxSleep bounds SLEEP, so that its time can be counted.
const maxSleep = 365 * 24 * time.Hour

// sessionFunctions tell of the session, and of the statement before.
func sessionFunctions() map[string]function {
	ask := func(t wharf.Type, answer func(s *Session) datum) function {
		return function{max: 0, typ: always(t), system: true, run: func(ev *evaluation, _ []datum) (datum, error) { return answer(ev.env.(*Session)), nil }}
	}
	database := ask(wharf.TypeString, func(s *Session) datum {
		if s.database == "" {
			return nullDatum()
		}
		return stringDatum(s.database)
	})
	user := ask(wharf.TypeString, func(s *Session) datum { return stringDatum(s.client.Principal.User + "@" + s.client.Host) })
	return map[string]function{
		"VERSION":       ask(wharf.TypeString, func(s *Session) datum { return stringDatum(s.executor.version) }),
		"DATABASE":      database,
		"SCHEMA":        database,
		"USER":          user,
		"SESSION_USER":  user,
		"SYSTEM_USER":   user,
		"CURRENT_USER":  ask(wharf.TypeString, func(s *Session) datum { return stringDatum(s.client.Principal.User + "@%") }),
		"CURRENT_ROLE":  ask(wharf.TypeString, func(*Session) datum { return stringDatum("NONE") }),
		"CONNECTION_ID": ask(wharf.TypeUint, func(s *Session) datum { return uintDatum(uint64(s.client.ID)) }),
		"ROW_COUNT":     ask(wharf.TypeInt, func(s *Session) datum { return intDatum(s.rowCount) }),
		"FOUND_ROWS":    ask(wharf.TypeUint, func(s *Session) datum { return uintDatum(s.foundRows) }),
		// Nothing in Wharf counts by itself, so there is never an ID.
		"LAST_INSERT_ID": ask(wharf.TypeUint, func(*Session) datum { return uintDatum(0) }),
		"SLEEP":          {min: 1, max: 1, typ: always(wharf.TypeInt), run: sleep},
	}
}

// sleep waits, and gives 0. A KILL or a deadline ends it early: with the
// error, as MySQL does where SLEEP is all that a statement does.
func sleep(ev *evaluation, args []datum) (datum, error) {
	seconds := args[0].toFloat()
	if args[0].isNull() || seconds < 0 {
		return nullDatum(), wharf.Errorf(wharf.CodeInvalid, "Incorrect arguments to sleep")
	}
	wait := maxSleep
	if seconds < maxSleep.Seconds() {
		wait = time.Duration(seconds * float64(time.Second))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return intDatum(0), nil
	case <-ev.ctx.Done():
		return nullDatum(), wharf.WrapError(wharf.CodeCanceled, "exec.sleep", "", ev.ctx.Err())
	}
}
