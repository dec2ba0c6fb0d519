//go:build linux && !noduck

package duck

/*
void wharf_evaluate(void *info, void *chunk, void *out);
void wharf_shown(void *info, void *chunk, void *out);
void wharf_round(void *info, void *chunk, void *out);
void wharf_truncate(void *info, void *chunk, void *out);
void wharf_finite(void *info, void *chunk, void *out);
*/
import "C"

import (
	"errors"
	"math"
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
	for name, f := range realFunctions {
		if err := c.registerReal(name, f); err != nil {
			return err
		}
	}
	return nil
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

// realFunction is one of a double, and of a number of places where it takes one.
type realFunction struct {
	places bool
	run    unsafe.Pointer
}

// realFunctions are those that the database has not, or not as MySQL has them.
var realFunctions = map[string]realFunction{
	"mysql_round": {true, unsafe.Pointer(C.wharf_round)}, "mysql_truncate": {true, unsafe.Pointer(C.wharf_truncate)},
	"mysql_finite": {false, unsafe.Pointer(C.wharf_finite)},
}

func (c *connection) registerReal(name string, r realFunction) error {
	value, places := duckdb.CreateLogicalType(duckdb.TypeDouble), duckdb.CreateLogicalType(duckdb.TypeBigInt)
	defer duckdb.DestroyLogicalType(&value)
	defer duckdb.DestroyLogicalType(&places)
	f := duckdb.CreateScalarFunction()
	defer duckdb.DestroyScalarFunction(&f)
	duckdb.ScalarFunctionSetName(f, name)
	duckdb.ScalarFunctionAddParameter(f, value)
	if r.places {
		duckdb.ScalarFunctionAddParameter(f, places)
	}
	duckdb.ScalarFunctionSetReturnType(f, value)
	duckdb.ScalarFunctionSetFunction(f, r.run)
	if duckdb.RegisterScalarFunction(c.conn, f) != duckdb.StateSuccess {
		return errors.New("duckdb: the function " + name + " cannot be made")
	}
	return nil
}

//export wharf_round
func wharf_round(_, chunk, out unsafe.Pointer) { scaleChunk(chunk, out, sql.RoundReal) }

//export wharf_truncate
func wharf_truncate(_, chunk, out unsafe.Pointer) { scaleChunk(chunk, out, sql.TruncateReal) }

// scaleChunk gives the doubles of the first vector with as many places as the second one says.
func scaleChunk(chunk, out unsafe.Pointer, scale func(x float64, places int64) float64) {
	c := duckdb.DataChunk{Ptr: chunk}
	rows := int(duckdb.DataChunkGetSize(c))
	first, second := duckdb.DataChunkGetVector(c, 0), duckdb.DataChunkGetVector(c, 1)
	values, places := elements[float64](duckdb.VectorGetData(first), rows), elements[int64](duckdb.VectorGetData(second), rows)
	to := duckdb.Vector{Ptr: out}
	for i, scaled := 0, elements[float64](duckdb.VectorGetData(to), rows); i < rows; i++ {
		scaled[i] = scale(values[i], places[i])
	}
	nullWhere(to, rows, first, second)
}

// wharf_finite gives doubles as they are, and fails with one that is out of MySQL's range.
//
//export wharf_finite
func wharf_finite(info, chunk, out unsafe.Pointer) {
	c, to := duckdb.DataChunk{Ptr: chunk}, duckdb.Vector{Ptr: out}
	rows := int(duckdb.DataChunkGetSize(c))
	from := duckdb.DataChunkGetVector(c, 0)
	values := elements[float64](duckdb.VectorGetData(from), rows)
	copy(elements[float64](duckdb.VectorGetData(to), rows), values)
	nullWhere(to, rows, from)
	valid := vectorReader{}
	if mask := duckdb.VectorGetValidity(from); mask != nil {
		valid.valid = elements[uint64](unsafe.Pointer(mask), (rows+63)/64)
	}
	for i, v := range values {
		if (math.IsInf(v, 0) || math.IsNaN(v)) && !valid.isNull(i) {
			duckdb.ScalarFunctionSetError(duckdb.FunctionInfo{Ptr: info}, "DOUBLE value is out of range")
			return
		}
	}
}

// nullWhere makes values NULL where one of those is that they are made of.
func nullWhere(out duckdb.Vector, rows int, of ...duckdb.Vector) {
	words := (rows + 63) / 64
	for _, v := range of {
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
