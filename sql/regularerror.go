package sql

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

var (
	repeatSize    = regexp.MustCompile(`^\{(\d+),(\d+)\}$`)
	backReference = regexp.MustCompile(`^\\[1-9]`)
)

// WrongPattern returns MySQL's error of a pattern of REGEXP that Go's package regexp refused
// with err. What ICU may know and RE2 does not is said to be so.
func WrongPattern(pattern string, err error) error {
	number, text := uint16(3688), "REGEXP: the pattern is no regular expression in RE2 syntax"
	var wrong *syntax.Error
	if !errors.As(err, &wrong) {
		return invalid(number, "HY000", text)
	}
	switch wrong.Code {
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
		number, text = 3691, "Mismatched parenthesis in regular expression."
	case syntax.ErrMissingBracket:
		number, text = 3696, "The regular expression contains an unclosed bracket expression."
	case syntax.ErrTrailingBackslash:
		number, text = 3689, "Unrecognized escape sequence in regular expression."
	case syntax.ErrInvalidEscape:
		if !backReference.MatchString(wrong.Expr) {
			number, text = 3689, "Unrecognized escape sequence in regular expression."
		}
	case syntax.ErrInvalidCharRange:
		switch {
		case strings.HasPrefix(wrong.Expr, "[:"):
			return illegalPattern()
		case !strings.HasPrefix(wrong.Expr, `\`): // it is no property of characters
			number, text = 3697, "The regular expression contains an [x-y] character range where x comes after y."
		}
	case syntax.ErrInvalidRepeatSize:
		if size := repeatSize.FindStringSubmatch(wrong.Expr); size != nil {
			least, _ := strconv.ParseFloat(size[1], 64)
			most, _ := strconv.ParseFloat(size[2], 64)
			if least > most {
				number, text = 3693, "The maximum is less than the minimum in a {min,max} interval."
			}
		}
	case syntax.ErrMissingRepeatArgument:
		if before, _, ok := strings.Cut(pattern, wrong.Expr); ok {
			return wrongSyntax(before)
		}
	}
	return invalid(number, "HY000", text)
}

// wrongSyntax is the error of what follows a part of a pattern.
func wrongSyntax(before string) error {
	line := before[strings.LastIndexByte(before, '\n')+1:]
	return invalid(3688, "HY000", fmt.Sprintf("Syntax error in regular expression on line %d, character %d.", strings.Count(before, "\n")+1, utf8.RuneCountInString(line)+1))
}

// illegalPattern is the error of an empty pattern, and of a class that there is not.
func illegalPattern() error {
	return invalid(3685, "HY000", "Illegal argument to a regular expression.")
}
