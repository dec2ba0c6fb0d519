from PyQt5.QtCore import QCoreApplication
from PyQt5.QtSql import QSqlDatabase, QSqlQuery, QSqlQueryModel, QSqlTableModel
from tour import HOST, PORT, STAGE, say

app = QCoreApplication([])
db = QSqlDatabase.addDatabase('QMYSQL')
db.setHostName(HOST)
db.setPort(PORT)
db.setUserName('root')
db.setDatabaseName('default')
if not db.open():
    raise SystemExit(db.lastError().text())


def values(text, *args):
    query = QSqlQuery(db)
    query.setForwardOnly(True)
    query.prepare(text)
    for value in args:
        query.addBindValue(value)
    if not query.exec_():
        return [query.lastError().nativeErrorCode()]
    found = []
    while query.next():
        found.append(query.value(0))
    return found


say('connect', *values('SELECT DATABASE()'))
say('list', *values('LIST @' + STAGE))
QSqlQuery(db).exec_('USE ' + STAGE)
record = db.record('`a.csv`')
say('columns', *[record.fieldName(i) for i in range(record.count())])
model = QSqlTableModel(None, db)
model.setTable('`a.csv`')  # without the backticks, Qt divides the name at the dot
model.setFilter('a = 1')
say('model', model.select(), model.rowCount(), model.record(0).value('b'))
model = QSqlQueryModel()
model.setQuery('SELECT a, b FROM `a.csv`', db)
say('query', model.rowCount(), model.data(model.index(0, 1)), *values('SELECT :x FROM `a.csv` WHERE a = :a', "O'Re\\il", 1))
say('limit', *values('SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS ORDER BY 1 LIMIT ? OFFSET ?', 2, 1))
db.transaction()
values('SAVEPOINT a')
say('nested', *values('SELECT nope'))
values('ROLLBACK TO SAVEPOINT a')
say('outer', *values('SELECT 1'))
db.commit()
say('error', *values('SELECT * FROM nope.nope'))
db.close()
say('disconnect', not db.isOpen())
