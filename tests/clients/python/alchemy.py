"""alchemy.py pymysql|mysqldb tour|login: the tour with SQLAlchemy on one of two drivers."""
import sys

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from tour import BIG, BOUND, ERRORS, HOST, PASSWORD, PORT, PROXY, STAGE, TYPES, row, say, upload

driver = sys.argv[1]


def engine(password=PASSWORD, port=PORT, **more):
    return create_engine(URL.create('mysql+' + driver, 'root', password, HOST, port), connect_args=more, future=True)


def query(c, sql, **args):
    return c.execute(text(sql if args else sql.replace(':', r'\:')), args)


def rows(step, result):
    say(step, *result.keys())
    for r in result:
        row(step, r)


def one(step, result):
    row(step, result.one())


def fails(step, call, *args):
    try:
        call(*args)
        say(step, 'done')
    except DBAPIError as e:
        say(step, 'error %d' % e.orig.args[0])


def walk(c):
    one('version', query(c, 'SELECT VERSION()'))
    say('create', 'done %d' % query(c, 'CREATE STAGE ' + STAGE).rowcount)
    rows('empty list', query(c, 'LIST @' + STAGE))
    upload('books.parquet', b'PAR1 and so on PAR1')
    rows('list', query(c, 'LIST @' + STAGE))
    rows('full', query(c, 'LIST FULL @' + STAGE))
    rows('types', query(c, TYPES))
    for step, sql in ERRORS:
        fails(step, query, c, sql)
    for number, words in BOUND:
        one('bound', query(c, 'SELECT :number, :words', number=number, words=words))


def transactions(e):
    """The connection begins by itself, and ends what it began."""
    for end in ('commit', 'rollback'):
        with e.connect() as c:
            one('autocommit', query(c, 'SELECT @@autocommit'))
            getattr(c.get_transaction() or c.begin(), end)()
    with e.connect().execution_options(isolation_level='AUTOCOMMIT') as c:
        one('autocommit', query(c, 'SELECT @@autocommit'))


def session(c):
    query(c, 'USE `default`')
    one('use', query(c, 'SELECT DATABASE()'))
    fails('use', query, c, 'USE nowhere')


def compressed():
    e = engine(port=PROXY, compress=True)
    with e.connect() as c:
        one('compressed', query(c, "SELECT LENGTH('%s')" % BIG))
        say('compressed', 'same' if query(c, "SELECT '%s'" % BIG).scalar() == BIG else 'different')
    e.dispose()


def interrupted(c):
    query(c, 'SET max_execution_time = 100')
    fails('timeout', query, c, 'SELECT SLEEP(30)')
    query(c, 'SET max_execution_time = 0')
    one('sleeping', query(c, 'SELECT CONNECTION_ID()'))
    fails('killed', query, c, 'SELECT SLEEP(30)')
    one('after', query(c, 'SELECT 1'))
    other = c.engine.connect()
    query(c, 'KILL %d' % query(other, 'SELECT CONNECTION_ID()').scalar())
    try:
        query(other, 'SELECT 1')
    except DBAPIError as e:
        say('kill', 'gone' if e.connection_invalidated else str(e))
    other.close()


def tour(e):
    with e.connect() as c:
        walk(c)
    transactions(e)
    with e.connect() as c:
        session(c)
    if driver == 'mysqldb':
        compressed()
    with e.connect() as c:
        interrupted(c)
        rows('remove', query(c, 'REMOVE @%s/books.parquet' % STAGE))
        say('drop', 'done %d' % query(c, 'DROP STAGE ' + STAGE).rowcount)


def login(e):
    with e.connect() as c:
        one('login', query(c, 'SELECT CURRENT_USER()'))
    secure = engine(port=PROXY, ssl={'ssl': True} if driver == 'pymysql' else {'cipher': 'HIGH'})
    with secure.connect() as c:
        one('over TLS', query(c, 'SELECT CURRENT_USER()'))
    secure.dispose()
    fails('wrong password', engine('wrong').connect)


database = engine()
{'tour': tour, 'login': login}[sys.argv[2]](database)
database.dispose()
say('end', 'closed')
