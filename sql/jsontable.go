package sql

import "encoding/json"

// JSONTableFunction is the function that stands for JSON_TABLE in the Text of a
// Query: of a document and of a [JSONColumn], as JSON, it gives the rows as
// JSON, each an array of texts.
const JSONTableFunction = "JSON_TABLE#"

// Introduced is the call that a literal text of a character set is, as in _latin1'…'.
const Introduced = "INTRODUCED#"

// The functions by which an engine of its own ends a GROUP_CONCAT.
const (
	// GroupDistinct joins the parts of a group in their order, each once: of a
	// JSON array of arrays, each a text and what tells it from others, and a
	// separator.
	GroupDistinct = "GROUP_CONCAT#DISTINCT"
	// GroupCut is a text no longer than group_concat_max_len.
	GroupCut = "GROUP_CONCAT#"
)

// GroupObject is the function by which an engine of its own ends a JSON_OBJECTAGG: of
// an object with its members in the order of the rows, it gives the document.
const GroupObject = "JSON_OBJECTAGG#"

// JSONColumn is a column of JSON_TABLE, its rows' path with the columns that are
// taken from each, or what JSON_VALUE gives.
type JSONColumn struct {
	Name       string       `json:",omitempty"`
	Type       string       `json:",omitempty"` // in upper case, as CAST or CREATE TABLE has it
	Charset    string       `json:",omitempty"` // of a text, as it is said
	Collation  string       `json:",omitempty"` // of a text, as it is said
	Path       string       `json:",omitempty"`
	Ordinality bool         `json:",omitempty"`
	Exists     bool         `json:",omitempty"` // whether there is something at Path
	Empty      JSONFallback // where nothing is at Path
	Error      JSONFallback // where what is there is no Type
	Nested     []JSONColumn `json:",omitempty"` // of each row at Path
}

// JSONFallback is what stands in the place of a value.
type JSONFallback struct {
	Do      string `json:",omitempty"` // "" for NULL, "DEFAULT" or "ERROR"
	Default string `json:",omitempty"` // JSON
}

// Flat returns the columns of the rows of JSON_TABLE, in their order.
func (c JSONColumn) Flat() []JSONColumn {
	if c.Nested == nil {
		return []JSONColumn{c}
	}
	var all []JSONColumn
	for _, n := range c.Nested {
		all = append(all, n.Flat()...)
	}
	return all
}

// String returns the column as JSON.
func (c JSONColumn) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // it has nothing that JSON does not
	}
	return string(text)
}

// ParseJSONColumn reads what String returns.
func ParseJSONColumn(text string) (c JSONColumn, err error) {
	err = json.Unmarshal([]byte(text), &c)
	return c, err
}
