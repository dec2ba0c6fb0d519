package rowexec_test

import (
	"testing"

	"wharf/sql/enginetest"
	"wharf/sql/rowexec"
)

func TestEngine(t *testing.T) {
	enginetest.Run(t, rowexec.Engine{}, enginetest.Differences{})
}
