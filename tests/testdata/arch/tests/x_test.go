package tests

import (
	_ "bad/storage/memory"
	"testing"
)

func TestNothing(t *testing.T) {}
