package eval

import (
	"encoding/json"
	"strings"

	"wharf"
	"wharf/sql"
)

// groupConcat compiles the two functions that an engine of its own calls to end
// a GROUP_CONCAT: [sql.GroupDistinct] of the parts in their order, as JSON, and
// the separator; and [sql.GroupCut] of the joined text.
func (c *Compiler) groupConcat(e sql.Call) (Node, error) {
	args, err := c.CompileAll(e.Args)
	if err != nil {
		return Node{}, err
	}
	most := int(min(c.Env.Value("group_concat_max_len").Int64(), maxGroupText))
	coll, err := CollatingOf(args, e.Name)
	if err != nil {
		return Node{}, err
	}
	groups := 0
	return Node{Typ: wharf.TypeString, Coll: coll, Eval: func(ev *Evaluation) (Datum, error) {
		mark := ev.Held.Taken()
		d, err := args[0].Eval(ev)
		if err != nil || d.IsNull() {
			return NullDatum(), err
		}
		text := d.Text()
		if e.Name == sql.GroupDistinct {
			separator, err := args[1].Eval(ev)
			if err != nil {
				return NullDatum(), err
			}
			if text, err = joinedDistinct(text, separator.Text()); err != nil {
				return NullDatum(), err
			}
		}
		groups++
		if len(text) > most {
			ev.Env.Warn(WarnCutByGroupConcat, "Row %d was cut by GROUP_CONCAT()", groups)
			text = strings.ToValidUTF8(text[:most], "")
		}
		ev.Held.ReturnTo(mark)
		return StringDatum(text).Collated(coll.Id), ev.Hold(len(text))
	}}, nil
}

// maxGroupText bounds the text of GROUP_CONCAT in an engine of its own, in bytes:
// a row may have as many (max_allowed_packet).
const maxGroupText = 64 << 20

// joinedDistinct joins parts, each a text and what tells it from others, of which
// the first of those that are the same counts.
func joinedDistinct(text, separator string) (string, error) {
	var parts [][]string
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return "", err
	}
	var b strings.Builder
	seen := map[string]bool{}
	for _, part := range parts {
		key, err := json.Marshal(part[1:])
		if err != nil {
			return "", err
		}
		if seen[string(key)] {
			continue
		}
		if len(seen) > 0 {
			b.WriteString(separator)
		}
		seen[string(key)] = true
		b.WriteString(part[0])
	}
	return b.String(), nil
}

// jsonObjectAgg compiles [sql.GroupObject].
func (c *Compiler) jsonObjectAgg(e sql.Call) (Node, error) {
	args, err := c.CompileAll(e.Args)
	if err != nil {
		return Node{}, err
	}
	return Node{Typ: wharf.TypeJSON, Coll: jsonCollating, Eval: func(ev *Evaluation) (Datum, error) {
		mark := ev.Held.Taken()
		d, err := args[0].Eval(ev)
		if err != nil || d.IsNull() {
			return NullDatum(), err
		}
		members, ok := d.document()
		if !ok {
			return NullDatum(), Invalid(errInvalidJSON, "Invalid JSON text in argument 1 to function json_objectagg")
		}
		return ev.made(e.Name, jsonDatum(members), mark)
	}}, nil
}
