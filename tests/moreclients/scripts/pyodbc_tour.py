import pyodbc

from tour import HOST, PORT, STAGE, say

c = pyodbc.connect('DRIVER={MariaDB Unicode};SERVER=%s;PORT=%d;UID=root;PWD=;DATABASE=default' % (HOST, PORT), autocommit=False)


def rows(query, *args):
    return [r[0] for r in c.cursor().execute(query, *args).fetchall()]


say('connect', *rows('SELECT DATABASE()'))
say('list', *rows('SHOW TABLES FROM ' + STAGE))
say('limit', *rows('SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS ORDER BY 1 LIMIT ? OFFSET ?', 2, 1))
c.cursor().execute('SAVEPOINT a')
try:
    rows('SELECT nope')
except pyodbc.Error as e:
    say('nested', e.args[0])
c.cursor().execute('ROLLBACK TO SAVEPOINT a')
say('outer', *rows('SELECT 1'))
c.commit()
try:
    rows('SELECT * FROM nope')
except pyodbc.Error as e:
    say('error', e.args[0])
c.close()
say('disconnect', True)
