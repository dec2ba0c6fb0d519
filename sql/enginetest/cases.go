package enginetest

import "wharf"

// cases are the queries of the suite.
var cases = []Case{
	{Query: "SELECT name FROM people WHERE age = 30", Want: []string{"Ann", "Dan"}},
	{Query: "SELECT name FROM people WHERE name = 'ANN'", Want: []string{"Ann", "ann"}},
	{Query: "SELECT name FROM people WHERE age <> 30", Want: []string{"bob", "ann"}},
	{Query: "SELECT name FROM people WHERE age IS NULL", Want: []string{"Cid"}},
	{Query: "SELECT name FROM people WHERE NOT age > 26", Want: []string{"bob"}},
	{Query: "SELECT name FROM people WHERE id IN (1, 4) OR city = 'oslo'", Want: []string{"Ann", "bob", "Dan", "ann"}},
	{Query: "SELECT id FROM people WHERE id BETWEEN ? AND ? ORDER BY id", Args: []wharf.Value{wharf.Int(2), wharf.Int(3)}, Want: []string{"2", "3"}},
	{Query: "SELECT * FROM nothing", Want: nil},
	{Query: "SELECT people.* FROM people WHERE id = 2", Want: []string{"2|bob|25|Oslo"}},

	{Query: "SELECT id FROM people ORDER BY age, id", Want: []string{"3", "2", "1", "4", "5"}},
	{Query: "SELECT id FROM people ORDER BY age DESC, id DESC", Want: []string{"5", "4", "1", "2", "3"}},
	{Query: "SELECT id, name FROM people ORDER BY 2, 1", Want: []string{"1|Ann", "5|ann", "2|bob", "3|Cid", "4|Dan"}},
	{Query: "SELECT id AS x FROM people ORDER BY -x", Want: []string{"5", "4", "3", "2", "1"}},
	{Query: "SELECT id FROM people ORDER BY id LIMIT 2", Want: []string{"1", "2"}},
	{Query: "SELECT id FROM people ORDER BY id LIMIT 1, 2", Want: []string{"2", "3"}},
	{Query: "SELECT id FROM people ORDER BY id LIMIT 2 OFFSET 4", Want: []string{"5"}},
	{Query: "SELECT id FROM people ORDER BY id LIMIT 0", Want: nil},

	{Query: "SELECT DISTINCT city FROM people", Want: []string{"Rome", "Oslo", "NULL"}},
	{Query: "SELECT DISTINCT age, city FROM people WHERE id > 3", Want: []string{"30|NULL", "41|Oslo"}},

	{Query: "SELECT COUNT(*), COUNT(age), MIN(age), MAX(age), SUM(age) FROM people", Want: []string{"5|4|25|41|126"}},
	{Query: "SELECT COUNT(*), COUNT(id), MIN(id), SUM(id) FROM nothing", Want: []string{"0|0|NULL|NULL"}},
	{Query: "SELECT COUNT(*) FROM nothing GROUP BY id", Want: nil},
	{Query: "SELECT city, COUNT(*) FROM people GROUP BY city ORDER BY city", Want: []string{"NULL|1", "Oslo|2", "Rome|2"}},
	{Query: "SELECT city, COUNT(*) n FROM people GROUP BY city HAVING n > 1 ORDER BY city", Want: []string{"Oslo|2", "Rome|2"}},
	{Query: "SELECT COUNT(DISTINCT age) FROM people", Want: []string{"3"}},
	{Query: "SELECT SUM(price) FROM visits", Want: []string{"21.30"}},
	{Query: "SELECT place, SUM(price) FROM visits GROUP BY place ORDER BY place", Want: []string{"bar|0.30", "zoo|21.00"}},
	{Query: "SELECT GROUP_CONCAT(name ORDER BY id DESC SEPARATOR '-') FROM people WHERE id < 4", Want: []string{"Cid-bob-Ann"}},
	{Query: "SELECT MAX(age) - MIN(age) FROM people WHERE city = 'Oslo'", Want: []string{"16"}},

	{Query: "SELECT p.name, v.place FROM people p JOIN visits v ON v.person = p.id", Want: []string{"Ann|zoo", "Ann|bar", "bob|zoo"}},
	{Query: "SELECT p.name, v.place FROM people p, visits v WHERE v.person = p.id AND v.place = 'bar'", Want: []string{"Ann|bar"}},
	{Query: "SELECT p.id, v.id FROM people p LEFT JOIN visits v ON v.person = p.id WHERE p.id > 1", Want: []string{"2|3", "3|NULL", "4|NULL", "5|NULL"}},
	{Query: "SELECT p.id, v.id FROM people p RIGHT JOIN visits v ON v.person = p.id WHERE v.id > 2", Want: []string{"2|3", "NULL|4", "NULL|5"}},
	{Query: "SELECT p.name, n.name FROM people p LEFT JOIN nothing n ON n.id = p.id WHERE p.id = 1", Want: []string{"Ann|NULL"}},
	{Query: "SELECT id, v.place, p.name FROM people p JOIN visits v USING (id) WHERE id < 3", Want: []string{"1|zoo|Ann", "2|bar|bob"}},
	{Query: "SELECT COUNT(*) FROM people a JOIN people b", Want: []string{"25"}},

	{Query: "SELECT 1 UNION SELECT 1 UNION SELECT 2", Want: []string{"1", "2"}},
	{Query: "SELECT id FROM people WHERE id < 3 UNION ALL SELECT id FROM visits WHERE id < 2", Want: []string{"1", "2", "1"}},
	{Query: "SELECT name FROM people WHERE id = 1 UNION SELECT 'b' ORDER BY 1 DESC", Want: []string{"b", "Ann"}},
	{Query: "(SELECT id FROM people ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM people ORDER BY id DESC LIMIT 1) ORDER BY id", Want: []string{"1", "5"}},

	{Query: "SELECT t.n FROM (SELECT name n, age FROM people WHERE city = 'Rome') t WHERE t.age > 1", Want: []string{"Ann"}},
	{Query: "SELECT name FROM people WHERE id IN (SELECT person FROM visits)", Want: []string{"Ann", "bob"}},
	{Query: "SELECT name FROM people WHERE id NOT IN (SELECT person FROM visits WHERE person IS NOT NULL)", Want: []string{"Cid", "Dan", "ann"}},
	{Query: "SELECT name FROM people WHERE id NOT IN (SELECT person FROM visits)", Want: nil},
	{Query: "SELECT name FROM people p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.person = p.id AND v.place = 'bar')", Want: []string{"Ann"}},
	{Query: "SELECT name, (SELECT COUNT(*) FROM visits v WHERE v.person = p.id) FROM people p WHERE id < 4", Want: []string{"Ann|2", "bob|1", "Cid|0"}},
	{Query: "SELECT name FROM people WHERE age = (SELECT MAX(age) FROM people)", Want: []string{"ann"}},

	{Query: "SELECT nowhere FROM people", Code: wharf.CodeInvalid},
	{Query: "SELECT id FROM people a, people b", Code: wharf.CodeInvalid},
	{Query: "SELECT id FROM missing", Code: wharf.CodeNotFound},
	{Query: "SELECT x.id FROM people", Code: wharf.CodeInvalid},
	{Query: "SELECT 1 UNION SELECT 1, 2", Code: wharf.CodeInvalid},
	{Query: "SELECT name FROM people WHERE COUNT(*) > 1", Code: wharf.CodeInvalid},
	{Query: "SELECT (SELECT id FROM people)", Code: wharf.CodeInvalid},
}
