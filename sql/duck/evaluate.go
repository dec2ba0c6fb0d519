//go:build linux && !noduck

package duck

import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go-bindings"

	"wharf"
	"wharf/sql"
)

// Evaluator gives what computes expressions in the state of a session. It calls
// warn, from several goroutines, for each warning about a value.
type Evaluator func(state []byte, warn func(number uint16, text string)) (sql.Expressions, error)

// valueWarning is a warning about a value, by MySQL's number.
type valueWarning struct {
	Number uint16
	Text   string
}

// maxWarnings is how many a statement keeps, as MySQL's max_error_count says.
const maxWarnings = 1024

// evaluated is what a call of mysql_eval… says first: the expression, as JSON.
// The values that it is given follow.
type evaluated struct {
	Text   string
	Key    bool `json:",omitempty"`
	Exact  bool `json:",omitempty"` // a decimal has all its digits
	Later  bool `json:",omitempty"` // not before there is a row that needs it
	Inputs []sql.Input
}

// evaluation is what computes the expressions of the statement that the worker
// serves. A worker serves one at a time, in several threads.
var evaluation struct {
	evaluator Evaluator

	mu       sync.Mutex
	state    []byte                     // guarded by mu
	warnings []valueWarning             // guarded by mu: of the statement so far
	ready    map[string][]*sql.Compiled // guarded by mu: by what the call says, those that no thread uses
}

// beginEvaluation makes expressions be computed in the state of a session.
func beginEvaluation(state []byte) {
	evaluation.mu.Lock()
	defer evaluation.mu.Unlock()
	evaluation.state, evaluation.ready, evaluation.warnings = state, map[string][]*sql.Compiled{}, nil
}

// takeWarnings gives the warnings so far, and forgets them.
func takeWarnings() []valueWarning {
	evaluation.mu.Lock()
	defer evaluation.mu.Unlock()
	all := evaluation.warnings
	evaluation.warnings = nil
	return all
}

func keepWarning(number uint16, text string) {
	evaluation.mu.Lock()
	defer evaluation.mu.Unlock()
	if len(evaluation.warnings) < maxWarnings {
		evaluation.warnings = append(evaluation.warnings, valueWarning{number, text})
	}
}

// takeCompiled gives an expression to one thread, until giveCompiled.
func takeCompiled(said string, e evaluated) (*sql.Compiled, error) {
	free, state := takeReady(said)
	if free != nil {
		return free, nil
	}
	if evaluation.evaluator == nil || state == nil {
		return nil, errors.New("there is nothing to compute it by")
	}
	x, err := evaluation.evaluator(state, keepWarning)
	if err != nil {
		return nil, err
	}
	return x.Compile(context.Background(), sql.Expression{Text: e.Text, Key: e.Key, Unrounded: e.Exact, Marked: true, Inputs: e.Inputs})
}

// takeReady takes an expression that no thread uses, nil if there is none.
func takeReady(said string) (*sql.Compiled, []byte) {
	evaluation.mu.Lock()
	defer evaluation.mu.Unlock()
	free := evaluation.ready[said]
	if len(free) == 0 {
		return nil, evaluation.state
	}
	last := len(free) - 1
	evaluation.ready[said] = free[:last]
	return free[last], evaluation.state
}

func giveCompiled(said string, c *sql.Compiled) {
	evaluation.mu.Lock()
	defer evaluation.mu.Unlock()
	evaluation.ready[said] = append(evaluation.ready[said], c)
}

//export wharf_evaluate
func wharf_evaluate(info, chunk, out unsafe.Pointer) {
	err := evaluateChunk(duckdb.DataChunk{Ptr: chunk}, duckdb.Vector{Ptr: out})
	if err != nil {
		duckdb.ScalarFunctionSetError(duckdb.FunctionInfo{Ptr: info}, carried(err))
	}
}

// evaluateChunk computes an expression for the rows of a chunk.
func evaluateChunk(chunk duckdb.DataChunk, out duckdb.Vector) error {
	rows := int(duckdb.DataChunkGetSize(chunk))
	if rows == 0 {
		return nil
	}
	first := elements[stringT](duckdb.VectorGetData(duckdb.DataChunkGetVector(chunk, 0)), rows)
	said := string(first[0].bytes())
	var e evaluated
	if err := json.Unmarshal([]byte(said), &e); err != nil {
		return err
	}
	compiled, err := takeCompiled(said, e)
	if err != nil {
		return err
	}
	inputs := make([]inputVector, len(e.Inputs))
	for i, in := range e.Inputs {
		inputs[i] = newInputVector(in, duckdb.DataChunkGetVector(chunk, duckdb.IdxT(i+1)))
	}
	write := newOutputVector(out, compiled.Type, rows)
	row := make([]wharf.Value, len(inputs))
	for at := range rows {
		for i := range inputs {
			if row[i], err = inputs[i].value(at); err != nil {
				return err
			}
		}
		v, err := compiled.Eval(row)
		if err != nil {
			return err
		}
		if err := write(at, v); err != nil {
			return err
		}
	}
	giveCompiled(said, compiled)
	return nil
}

// inputVector reads a vector's values as an expression takes them.
type inputVector struct {
	typ    wharf.Type
	scale  int
	reader vectorReader
	buf    []byte
}

func newInputVector(in sql.Input, v duckdb.Vector) inputVector {
	t := vectorTypeOf(duckdb.VectorGetColumnType(v))
	if t.column == wharf.TypeDateTime && in.Scale >= 0 {
		t.decimals = uint8(in.Scale)
	}
	return inputVector{typ: in.Type, scale: in.Scale, reader: t.reader(v)}
}

func (v *inputVector) value(row int) (wharf.Value, error) {
	v.buf = v.reader.append(v.buf[:0], row)
	var one [1]wharf.Value
	if err := decodeRow(one[:], string(v.buf)); err != nil || one[0].IsNull() {
		return wharf.Null(), err
	}
	text := one[0].Str()
	switch v.typ {
	case wharf.TypeInt, wharf.TypeBool:
		n, err := strconv.ParseInt(text, 10, 64)
		return wharf.Int(n), err
	case wharf.TypeUint:
		n, err := strconv.ParseUint(text, 10, 64)
		return wharf.Uint(n), err
	case wharf.TypeFloat:
		f, err := strconv.ParseFloat(text, 64)
		return wharf.Float(f), err
	case wharf.TypeTime:
		n, err := strconv.ParseInt(text, 10, 64)
		return wharf.Text(timeText(n, v.scale)), err
	}
	return one[0], nil
}

// newOutputVector gives what writes the values of an expression.
func newOutputVector(out duckdb.Vector, typ wharf.Type, rows int) func(at int, v wharf.Value) error {
	logical := duckdb.VectorGetColumnType(out)
	kind := duckdb.GetTypeId(logical)
	duckdb.DestroyLogicalType(&logical)
	data := duckdb.VectorGetData(out)
	return func(at int, v wharf.Value) error {
		if v.IsNull() {
			duckdb.VectorEnsureValidityWritable(out)
			duckdb.ValiditySetRowInvalid(duckdb.VectorGetValidity(out), duckdb.IdxT(at))
			return nil
		}
		switch kind {
		case duckdb.TypeBigInt:
			if typ == wharf.TypeTime {
				n, ok := timeMicros(v.String())
				if !ok {
					return errors.New("a time that is none")
				}
				elements[int64](data, rows)[at] = n
				return nil
			}
			elements[int64](data, rows)[at] = v.Int64()
		case duckdb.TypeDouble:
			elements[float64](data, rows)[at] = v.Float64()
		case duckdb.TypeVarchar:
			if !utf8.ValidString(v.String()) {
				return wharf.Errorf(wharf.CodeUnsupported, "text that is not valid UTF-8 is not supported in a query of files")
			}
			duckdb.UnsafeVectorAssignStringElementLen(out, duckdb.IdxT(at), []byte(v.String()))
		default:
			duckdb.UnsafeVectorAssignStringElementLen(out, duckdb.IdxT(at), []byte(v.String()))
		}
		return nil
	}
}

// carriedMark is before what an error of an expression says in the text that
// the database carries to the server.
const carriedMark = "mysql:"

// carriedError is an error with its number, as the database carries it.
type carriedError struct {
	Code   wharf.Code
	Number uint16 `json:",omitempty"`
	State  string `json:",omitempty"`
	Text   string
}

func carried(err error) string {
	e := carriedError{Code: wharf.CodeOf(err), Text: err.Error()}
	var cause *sql.Cause
	if errors.As(err, &cause) {
		e.Number, e.State = cause.Number, cause.State
	}
	var known *wharf.Error
	if errors.As(err, &known) {
		e.Text = known.Msg
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err.Error()
	}
	return carriedMark + string(text)
}

// uncarried gives the error that text carries, or nil.
func uncarried(text string) error {
	_, said, found := strings.Cut(text, carriedMark)
	if !found {
		return nil
	}
	var e carriedError
	if err := json.NewDecoder(strings.NewReader(said)).Decode(&e); err != nil {
		return nil
	}
	if e.Number == 0 {
		return wharf.Errorf(e.Code, "%s", e.Text)
	}
	return because(e.Number, e.State, e.Code, "%s", e.Text)
}
