package sql

// NumParams gives the number of parameters, '?', of a statement.
func NumParams(stmt Statement) int {
	if s, ok := stmt.(interface{ numParams() int }); ok {
		return s.numParams()
	}
	return 0
}

func (p plain) numParams() int { return p.params }
