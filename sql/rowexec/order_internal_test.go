package rowexec

import (
	"context"
	"testing"

	"wharf/sql/eval"

	"wharf"
)

// TestSortRowsEndsWithItsStatement cancels in the midst of sorting.
func TestSortRowsEndsWithItsStatement(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	rows := make([]outRow, 20_000)
	for i := range rows {
		rows[i].keys = []eval.Datum{eval.IntDatum(int64(i * 7919 % 20_011))}
	}
	looks := 0
	keys := func(r outRow) []eval.Datum {
		if looks++; looks == 10_000 {
			cancel()
		}
		return r.keys
	}
	err := sortRows(&eval.Evaluation{Ctx: ctx}, rows, keys, []sortKey{{}})
	if wharf.CodeOf(err) != wharf.CodeCanceled {
		t.Errorf("the sort ended with %v", err)
	}
	if looks > 12_001 { // two for each comparison
		t.Errorf("%d keys were looked at", looks)
	}
}

// TestEvaluateKeys has a text whose key is not itself, and one whose key is.
func TestEvaluateKeys(t *testing.T) {
	id, _ := eval.FindCollation("utf8mb4_0900_bin")
	exact := eval.StringDatum("É").Collated(id)
	keys, err := evaluateKeys(&eval.Evaluation{Ctx: t.Context(), Held: &eval.Account{Memory: eval.NewMemory(1 << 20)}}, []sortKey{{Node: eval.Constant(eval.StringDatum("É"), wharf.TypeString)}, {Node: eval.Constant(exact, wharf.TypeString)}})
	if err != nil || keys[0].Str != eval.DefaultCollationID.Key("e") || keys[1].Str != "É" {
		t.Errorf("%v, %v", keys, err)
	}
}
