package wharf

import _ "embed"

// README is the text of README.md, for listeners that show it to people.
//
//go:embed README.md
var README string
