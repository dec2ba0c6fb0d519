import peewee

from tour import HOST, PORT, STAGE, say

db = peewee.MySQLDatabase('default', host=HOST, port=PORT, user='root', password='')
db.connect()
say('connect', db.execute_sql('SELECT DATABASE()').fetchone()[0])
say('list', *[r[0] for r in db.execute_sql('LIST @' + STAGE)])


class CharacterSet(peewee.Model):
    name = peewee.CharField(column_name='CHARACTER_SET_NAME', primary_key=True)

    class Meta:
        database = db
        schema = 'information_schema'
        table_name = 'CHARACTER_SETS'


say('limit', *[c.name for c in CharacterSet.select().order_by(CharacterSet.name).limit(2).offset(1)])
with db.atomic():
    try:
        with db.atomic():
            db.execute_sql('SELECT nope')
    except peewee.OperationalError as e:
        say('nested', e.args[0])
    say('outer', db.execute_sql('SELECT 1').fetchone()[0])
try:
    db.execute_sql('SELECT * FROM nope')
except peewee.ProgrammingError as e:
    say('error', e.args[0])
db.close()
say('disconnect', db.is_closed())
