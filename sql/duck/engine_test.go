//go:build linux && !noduck

package duck

import (
	"testing"

	"wharf/sql/enginetest"
)

func TestEngine(t *testing.T) {
	p := open(t, nil)
	differences := enginetest.Differences{DecimalsAsText: true, AllNullable: true}
	t.Run("relations", func(t *testing.T) { enginetest.Run(t, p, differences) })
	differences.TextByBytes = true
	t.Run("files", func(t *testing.T) { enginetest.RunFiles(t, p, differences) })
}
