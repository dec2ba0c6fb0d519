package meta

import (
	"fmt"
	"testing"

	"wharf"
)

func BenchmarkCreateAndDrop(b *testing.B) {
	c := open(b, b.TempDir())
	for b.Loop() {
		s := external("s")
		if _, _, err := c.CreateStage(b.Context(), s, wharf.CreateNew); err != nil {
			b.Fatal(err)
		}
		if _, err := c.DropStage(b.Context(), s.Name); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStage(b *testing.B) {
	for _, external := range []bool{false, true} {
		b.Run(fmt.Sprintf("external=%v", external), func(b *testing.B) { benchmarkStage(b, external) })
	}
}

func benchmarkStage(b *testing.B, isExternal bool) {
	c := open(b, b.TempDir())
	s := stage("s")
	if isExternal {
		s = external("s")
	}
	if _, _, err := c.CreateStage(b.Context(), s, wharf.CreateNew); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := c.StageByID(b.Context(), s.ID); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStages(b *testing.B) {
	c := open(b, b.TempDir())
	for i := range 1000 {
		if _, _, err := c.CreateStage(b.Context(), stage(fmt.Sprintf("s%d", i)), wharf.CreateNew); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := c.Stages(b.Context(), "", 1000); err != nil {
			b.Fatal(err)
		}
	}
}
