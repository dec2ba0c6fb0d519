package eval

import (
	"strings"

	"wharf/sql"
)

// notHere are the functions of MySQL 8.0 that are not computed here: some of them
// an engine for files knows. Any other name is a mistake. Those of geometry
// begin with a prefix.
var notHere = words(`ANY_VALUE GROUPING VALUES
	STATEMENT_DIGEST STATEMENT_DIGEST_TEXT VALIDATE_PASSWORD_STRENGTH
	EXTRACTVALUE ROLES_GRAPHML UPDATEXML 
	GTID_SUBSET GTID_SUBTRACT MASTER_POS_WAIT SOURCE_POS_WAIT WAIT_FOR_EXECUTED_GTID_SET PS_CURRENT_THREAD_ID PS_THREAD_ID
	GEOMCOLLECTION GEOMETRYCOLLECTION LINESTRING MULTILINESTRING MULTIPOINT MULTIPOLYGON POINT POLYGON
	ASYNCHRONOUS_CONNECTION_FAILOVER_ADD_MANAGED GROUP_REPLICATION_SET_AS_PRIMARY`)

func words(text string) map[string]bool {
	all := map[string]bool{}
	for _, word := range strings.Fields(text) {
		all[word] = true
	}
	return all
}

// noFunction is the error of a call of a function that is not there.
func (c *Compiler) noFunction(e sql.Call) error {
	if notHere[e.Name] || strings.HasPrefix(e.Name, "ST_") || strings.HasPrefix(e.Name, "MBR") {
		return Unsupported("the function " + e.Name)
	}
	return Invalid(errNoFunction, "FUNCTION %s does not exist", CutRunes(c.database()+strings.ToLower(e.Name), 64))
}

// database is the session's database and a point, before the name of a function of its own;
// "" where there is none.
func (c *Compiler) database() string {
	f, ok := c.Env.Function("DATABASE")
	if !ok || f.Run == nil {
		return ""
	}
	d, err := f.Run(&Evaluation{Env: c.Env}, nil)
	if err != nil || d.IsNull() {
		return ""
	}
	return d.Text() + "."
}
