//go:build linux && !noduck

package duck

/*
void wharf_evaluate(void *info, void *chunk, void *out);
void wharf_shown(void *info, void *chunk, void *out);
void wharf_round(void *info, void *chunk, void *out);
*/
import "C"

import (
	"errors"
	"strings"
	"unsafe"

	duckdb "github.com/duckdb/duckdb-go-bindings"

	"wharf"
	"wharf/sql"
)

// scalar is a function of the database that this process computes. Its first parameter
// is a constant, and any number of values follow.
type scalar struct {
	takes, gives duckdb.Type
	later        bool // it has no constant value: the database computes it for each row anew
	run          unsafe.Pointer
}

// evaluators compute expressions of MySQL, by the type of what they give.
var evaluators = map[string]duckdb.Type{
	"mysql_eval_text": duckdb.TypeVarchar, "mysql_eval_bytes": duckdb.TypeBlob,
	"mysql_eval_int": duckdb.TypeBigInt, "mysql_eval_double": duckdb.TypeDouble,
}

// laterName is the evaluator that computes a constant for each row anew.
func laterName(name string) string { return strings.Replace(name, "mysql_eval_", "mysql_later_", 1) }

// registerScalars makes the functions known to the database.
func (c *connection) registerScalars() error {
	all := map[string]scalar{"mysql_shown": {takes: duckdb.TypeInteger, gives: duckdb.TypeVarchar, run: unsafe.Pointer(C.wharf_shown)}}
	for name, gives := range evaluators {
		f := scalar{takes: duckdb.TypeVarchar, gives: gives, run: unsafe.Pointer(C.wharf_evaluate)}
		all[name] = f
		f.later = true
		all[laterName(name)] = f
	}
	for name, f := range all {
		if err := c.register(name, f); err != nil {
			return err
		}
	}
	return c.registerRound()
}

func (c *connection) register(name string, n scalar) error {
	first, any, result := duckdb.CreateLogicalType(n.takes), duckdb.CreateLogicalType(duckdb.TypeAny), duckdb.CreateLogicalType(n.gives)
	defer duckdb.DestroyLogicalType(&first)
	defer duckdb.DestroyLogicalType(&any)
	defer duckdb.DestroyLogicalType(&result)
	f := duckdb.CreateScalarFunction()
	defer duckdb.DestroyScalarFunction(&f)
	duckdb.ScalarFunctionSetName(f, name)
	duckdb.ScalarFunctionAddParameter(f, first)
	duckdb.ScalarFunctionSetVarargs(f, any)
	duckdb.ScalarFunctionSetReturnType(f, result)
	duckdb.ScalarFunctionSetSpecialHandling(f)
	if n.later {
		duckdb.ScalarFunctionSetVolatile(f)
	}
	duckdb.ScalarFunctionSetFunction(f, n.run)
	if duckdb.RegisterScalarFunction(c.conn, f) != duckdb.StateSuccess {
		return errors.New("duckdb: the function " + name + " cannot be made")
	}
	return nil
}

// registerRound makes mysql_round known, which is ROUND of a double.
func (c *connection) registerRound() error {
	value, places := duckdb.CreateLogicalType(duckdb.TypeDouble), duckdb.CreateLogicalType(duckdb.TypeBigInt)
	defer duckdb.DestroyLogicalType(&value)
	defer duckdb.DestroyLogicalType(&places)
	f := duckdb.CreateScalarFunction()
	defer duckdb.DestroyScalarFunction(&f)
	duckdb.ScalarFunctionSetName(f, "mysql_round")
	duckdb.ScalarFunctionAddParameter(f, value)
	duckdb.ScalarFunctionAddParameter(f, places)
	duckdb.ScalarFunctionSetReturnType(f, value)
	duckdb.ScalarFunctionSetFunction(f, unsafe.Pointer(C.wharf_round))
	if duckdb.RegisterScalarFunction(c.conn, f) != duckdb.StateSuccess {
		return errors.New("duckdb: the function mysql_round cannot be made")
	}
	return nil
}

//export wharf_round
func wharf_round(_, chunk, out unsafe.Pointer) {
	roundChunk(duckdb.DataChunk{Ptr: chunk}, duckdb.Vector{Ptr: out})
}

// roundChunk rounds the doubles of the first vector to as many places as the second one says.
func roundChunk(chunk duckdb.DataChunk, out duckdb.Vector) {
	rows := int(duckdb.DataChunkGetSize(chunk))
	first, second := duckdb.DataChunkGetVector(chunk, 0), duckdb.DataChunkGetVector(chunk, 1)
	values, places := elements[float64](duckdb.VectorGetData(first), rows), elements[int64](duckdb.VectorGetData(second), rows)
	rounded := elements[float64](duckdb.VectorGetData(out), rows)
	for i := range rounded {
		rounded[i] = sql.RoundReal(values[i], places[i])
	}
	words := (rows + 63) / 64
	for _, v := range []duckdb.Vector{first, second} {
		mask := duckdb.VectorGetValidity(v)
		if mask == nil {
			continue // there is no NULL
		}
		duckdb.VectorEnsureValidityWritable(out)
		valid := elements[uint64](unsafe.Pointer(duckdb.VectorGetValidity(out)), words)
		for i, word := range elements[uint64](unsafe.Pointer(mask), words) {
			valid[i] &= word
		}
	}
}

//export wharf_shown
func wharf_shown(info, chunk, out unsafe.Pointer) {
	if err := showChunk(duckdb.DataChunk{Ptr: chunk}, duckdb.Vector{Ptr: out}); err != nil {
		duckdb.ScalarFunctionSetError(duckdb.FunctionInfo{Ptr: info}, carried(err))
	}
}

// showChunk writes numbers and dates as the text that a client gets of them. The first
// vector has how many digits behind the point are shown, or -1.
func showChunk(chunk duckdb.DataChunk, out duckdb.Vector) error {
	rows := int(duckdb.DataChunkGetSize(chunk))
	if rows == 0 {
		return nil
	}
	values := duckdb.DataChunkGetVector(chunk, 1)
	t := vectorTypeOf(duckdb.VectorGetColumnType(values))
	if t.cast != "" || t.column == wharf.TypeString || t.column == wharf.TypeBytes {
		return errors.New("duckdb: a value that is neither a number nor a date")
	}
	if n := elements[int32](duckdb.VectorGetData(duckdb.DataChunkGetVector(chunk, 0)), rows)[0]; n >= 0 {
		t.decimals = uint8(n)
	}
	reader := t.reader(values)
	var buf []byte
	for at := range rows {
		if buf = reader.append(buf[:0], at); buf[0] == null {
			duckdb.VectorEnsureValidityWritable(out)
			duckdb.ValiditySetRowInvalid(duckdb.VectorGetValidity(out), duckdb.IdxT(at))
			continue
		}
		duckdb.UnsafeVectorAssignStringElementLen(out, duckdb.IdxT(at), buf[1+lengthBytes(buf[0]):])
	}
	return nil
}
