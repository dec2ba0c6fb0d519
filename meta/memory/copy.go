package memory

import (
	"slices"
	"unicode/utf8"

	"wharf"
)

// clone is a copy that shares nothing that can change.
func clone(s wharf.Stage) wharf.Stage {
	s.FileFormat = cloneOptions(s.FileFormat)
	s.CopyOpts = cloneOptions(s.CopyOpts)
	return s
}

func copies(all []wharf.Stage) []wharf.Stage {
	for i := range all {
		all[i] = clone(all[i])
	}
	return all
}

func cloneOptions(options []wharf.Option) []wharf.Option {
	options = slices.Clone(options)
	for i := range options {
		options[i].List = slices.Clone(options[i].List)
	}
	return options
}

// checkStage holds the text of a definition to the contract.
func checkStage(s wharf.Stage) error {
	texts := append(optionTexts(s.FileFormat), string(s.Name), s.URL, s.Comment, s.Creator)
	return checkText(append(append(texts, optionTexts(s.CopyOpts)...), connectionTexts(s.Connection)...))
}

func connectionTexts(c wharf.Connection) []string {
	return []string{c.EndpointURL, c.Region, c.RoleARN}
}

func optionTexts(options []wharf.Option) []string {
	var texts []string
	for _, o := range options {
		texts = append(append(texts, o.Name, o.Value), o.List...)
	}
	return texts
}

func checkText(texts []string) error {
	if slices.ContainsFunc(texts, func(s string) bool { return !utf8.ValidString(s) }) {
		return wharf.Errorf(wharf.CodeInvalid, "the definition holds text that is not valid UTF-8")
	}
	return nil
}
