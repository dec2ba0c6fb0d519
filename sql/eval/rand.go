package eval

import (
	"wharf"
	"wharf/sql"
)

// generator is MySQL's of random numbers: sql/item_func.cc and mysys/my_rnd.cc of
// its source.
type generator struct{ one, two uint64 }

const generatorModulus = 0x3FFFFFFF

// seeded is the generator of RAND(n).
func seeded(n int64) *generator {
	seed := uint64(uint32(n))
	return &generator{uint64(uint32(seed*0x10001+55555555)) % generatorModulus, uint64(uint32(seed*0x10000001)) % generatorModulus}
}

func (g *generator) next() float64 {
	g.one = (g.one*3 + g.two) % generatorModulus
	g.two = (g.one + g.two + 33) % generatorModulus
	return float64(g.one) / float64(generatorModulus)
}

// seededRand compiles RAND(n): of a value that is the same for all rows, the numbers
// that follow each other; of another value, the first one of each.
func (c *Compiler) seededRand(e sql.Call) (Node, error) {
	x, err := c.Compile(e.Args[0])
	if err != nil {
		return Node{}, err
	}
	var g *generator
	once := readsNoRow(e.Args[0])
	return Node{Typ: wharf.TypeFloat, Eval: func(ev *Evaluation) (Datum, error) {
		if g == nil || !once {
			d, err := x.Eval(ev)
			if err != nil {
				return d, err
			}
			g = seeded(d.ToInt())
		}
		return FloatDatum(g.next()), nil
	}}, nil
}
