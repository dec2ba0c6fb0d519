package wharf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Option is one NAME = value of a statement's clause. The name is in upper
// case. A list, ('a', 'b'), has its items in List.
type Option struct {
	Name  string     `json:"name"`
	Value string     `json:"value,omitempty"` // of a word or a number as written, of a string without its quotes
	List  []string   `json:"list,omitempty"`
	Kind  OptionKind `json:"kind"`
}

// OptionKind is how an option's value is written.
type OptionKind uint8

// The kinds of an option's value. Catalogs store them: they never change.
const (
	OptionWord   OptionKind = iota // a bare word: CSV, TRUE, NONE
	OptionNumber                   // digits
	OptionString                   // 'quoted'
	OptionList                     // ('a', 'b')
)

// Optional is a value that a definition may give. The zero Optional is not
// given.
type Optional[T any] struct {
	Value T
	Given bool
}

// Given returns an Optional that has the value.
func Given[T any](v T) Optional[T] { return Optional[T]{Value: v, Given: true} }

// Or returns the value, or other if none is given.
func (o Optional[T]) Or(other T) T {
	if o.Given {
		return o.Value
	}
	return other
}

// optionField is where a typed definition keeps an option: a pointer to an
// Optional, or to a name for which "" is not given.
type optionField struct {
	name string
	kind OptionKind
	at   any
}

// get returns the option in canonical form, and whether it is given.
func (f optionField) get() (Option, bool) {
	o, given := Option{Name: f.name, Kind: f.kind}, false
	switch at := f.at.(type) {
	case *FormatName:
		o.Value, given = string(*at), *at != ""
	case *FileType:
		o.Value, given = string(*at), *at != ""
	case *Optional[string]:
		o.Value, given = at.Value, at.Given
	case *Optional[bool]:
		o.Value, given = map[bool]string{true: "TRUE", false: "FALSE"}[at.Value], at.Given
	case *Optional[uint64]:
		o.Value, given = strconv.FormatUint(at.Value, 10), at.Given
	case *Optional[[]string]:
		o.List, given = slices.Clone(at.Value), at.Given
	}
	return o, given
}

// set takes the value of an option in canonical form.
func (f optionField) set(o Option) error {
	var err error
	switch at := f.at.(type) {
	case *FormatName:
		*at = FormatName(o.Value)
	case *FileType:
		*at = FileType(o.Value)
	case *Optional[string]:
		*at = Given(o.Value)
	case *Optional[bool]:
		*at = Given(o.Value == "TRUE")
	case *Optional[uint64]:
		at.Given = true
		at.Value, err = strconv.ParseUint(o.Value, 10, 64)
	case *Optional[[]string]:
		*at = Given(append([]string(nil), o.List...))
	}
	return err
}

// optionsOf returns the options that are given, in the order of the fields.
func optionsOf(fields []optionField) []Option {
	var options []Option
	for _, f := range fields {
		if o, given := f.get(); given {
			options = append(options, o)
		}
	}
	return options
}

// setOptions takes options in canonical form, as optionsOf returns them.
func setOptions(fields []optionField, options []Option) error {
	for _, o := range options {
		i := slices.IndexFunc(fields, func(f optionField) bool { return f.name == o.Name && f.kind == o.Kind })
		if i < 0 {
			return fmt.Errorf("there is no option %q of kind %d", o.Name, o.Kind)
		}
		if err := fields[i].set(o); err != nil {
			return fmt.Errorf("the option %s: %w", o.Name, err)
		}
	}
	return nil
}

func unmarshalOptions(text []byte, fields []optionField) error {
	var options []Option
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&options); err != nil {
		return err
	}
	return setOptions(fields, options)
}
