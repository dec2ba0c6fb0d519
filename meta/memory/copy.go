package memory

import (
	"slices"
	"unicode/utf8"

	"wharf"
)

func copies(all []wharf.Stage) []wharf.Stage {
	for i := range all {
		all[i] = all[i].Clone()
	}
	return all
}

// checkStage holds the text of a definition to the contract.
func checkStage(s wharf.Stage) error {
	texts := append(optionTexts(s.FileFormat.Options()), string(s.Name), s.URL, s.Comment, s.Creator)
	return checkText(append(append(texts, optionTexts(s.CopyOptions.Options())...), connectionTexts(s.Connection)...))
}

func connectionTexts(c wharf.Connection) []string {
	return []string{c.EndpointURL, c.Region, c.RoleARN}
}

func optionTexts(options []wharf.Option) []string {
	var texts []string
	for _, o := range options {
		texts = append(append(texts, o.Value), o.List...)
	}
	return texts
}

func checkText(texts []string) error {
	if slices.ContainsFunc(texts, func(s string) bool { return !utf8.ValidString(s) }) {
		return wharf.Errorf(wharf.CodeInvalid, "the definition holds text that is not valid UTF-8")
	}
	return nil
}
