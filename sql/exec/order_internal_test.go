package exec

import (
	"context"
	"testing"

	"wharf"
)

// TestSortRowsEndsWithItsStatement cancels in the midst of sorting.
func TestSortRowsEndsWithItsStatement(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	rows := make([]outRow, 20_000)
	for i := range rows {
		rows[i].keys = []datum{intDatum(int64(i * 7919 % 20_011))}
	}
	looks := 0
	keys := func(r outRow) []datum {
		if looks++; looks == 10_000 {
			cancel()
		}
		return r.keys
	}
	err := sortRows(&evaluation{ctx: ctx}, rows, keys, []sortKey{{}})
	if wharf.CodeOf(err) != wharf.CodeCanceled {
		t.Errorf("the sort ended with %v", err)
	}
	if looks > 12_001 { // two for each comparison
		t.Errorf("%d keys were looked at", looks)
	}
}

// TestEvaluateKeys has a text whose key is not itself, and one whose key is.
func TestEvaluateKeys(t *testing.T) {
	id, _ := findCollation("utf8mb4_0900_bin")
	exact := stringDatum("É").collated(id)
	keys, err := evaluateKeys(newEvaluation(t.Context(), New(Options{}).NewSession(Client{})), []sortKey{{node: constant(stringDatum("É"), wharf.TypeString)}, {node: constant(exact, wharf.TypeString)}})
	if err != nil || keys[0].str != defaultCollationID.key("e") || keys[1].str != "É" {
		t.Errorf("%v, %v", keys, err)
	}
}
