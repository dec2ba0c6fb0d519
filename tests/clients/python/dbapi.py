"""dbapi.py pymysql|MySQLdb tour|login: the tour with a driver of Python's DB-API."""
import importlib
import os
import sys

from tour import BIG, BOUND, ERRORS, HOST, PASSWORD, PORT, PROXY, STAGE, TYPES, row, say, upload

driver = importlib.import_module(sys.argv[1])
pymysql = sys.argv[1] == 'pymysql'
SSL = {'ssl': True} if pymysql else {'cipher': 'HIGH'}


def connect(password=PASSWORD, port=PORT, **more):
    if 'CLIENT_CONFIG' in os.environ:
        more['read_default_file'] = os.environ['CLIENT_CONFIG']
    return driver.connect(host=HOST, port=port, user='root', password=password, charset='utf8mb4', **more)


def rows(c, step, query, args=None):
    with c.cursor() as cursor:
        cursor.execute(query, args)
        say(step, *(d[0] for d in cursor.description))
        for r in cursor:
            row(step, r)


def one(c, step, query, args=None):
    with c.cursor() as cursor:
        cursor.execute(query, args)
        row(step, cursor.fetchone())


def does(c, step, query):
    with c.cursor() as cursor:
        say(step, 'done %d' % cursor.execute(query))


def fails(step, call, *args):
    """These drivers know the number of an error and not its SQLSTATE."""
    try:
        call(*args)
        say(step, 'done')
    except driver.Error as e:
        say(step, 'error %d' % e.args[0])


def execute(c, query):
    with c.cursor() as cursor:
        cursor.execute(query)


def results(c, step, query):
    with c.cursor() as cursor:
        cursor.execute(query)
        row(step, cursor.fetchone())
        while cursor.nextset():
            if cursor.description:
                row(step, cursor.fetchone())


def walk(c):
    one(c, 'version', 'SELECT VERSION()')
    does(c, 'create', 'CREATE STAGE ' + STAGE)
    rows(c, 'empty list', 'LIST @' + STAGE)
    upload('books.parquet', b'PAR1 and so on PAR1')
    rows(c, 'list', 'LIST @' + STAGE)
    rows(c, 'full', 'LIST FULL @' + STAGE)
    rows(c, 'types', TYPES)
    for step, query in ERRORS:
        fails(step, execute, c, query)
    for args in BOUND:
        one(c, 'bound', 'SELECT %s, %s', args)


def transactions(c):
    for on, end in ((False, c.commit), (False, c.rollback), (True, c.commit)):
        c.autocommit(on)
        one(c, 'autocommit', 'SELECT @@autocommit')
        if pymysql:
            c.begin()
            say('transaction', 'open' if c.server_status & 1 else 'closed')
        end()
        if pymysql:
            say('transaction', 'open' if c.server_status & 1 else 'closed')


def session(c):
    c.select_db('default')
    one(c, 'use', 'SELECT DATABASE()')
    fails('use', c.select_db, 'nowhere')
    c.ping()
    if not pymysql:
        execute(c, 'SET @x = 5')
        c.change_user('root', PASSWORD)
        one(c, 'change user', 'SELECT @x, CURRENT_USER()')
    many = connect(client_flag=importlib.import_module(sys.argv[1] + '.constants.CLIENT').MULTI_STATEMENTS)
    results(many, 'multi', "SELECT 1; SELECT 'two'; LIST @" + STAGE)
    fails('multi error', results, many, 'multi error', 'SELECT 1; LIST @%s_none; SELECT 3' % STAGE)
    many.close()


def compressed():
    c = connect(port=PROXY, compress=True)
    one(c, 'compressed', "SELECT LENGTH('%s')" % BIG)
    with c.cursor() as cursor:
        cursor.execute("SELECT '%s'" % BIG)
        say('compressed', 'same' if cursor.fetchone()[0] == BIG else 'different')
    c.close()


def interrupted(c):
    execute(c, 'SET max_execution_time = 100')
    fails('timeout', execute, c, 'SELECT SLEEP(30)')
    execute(c, 'SET max_execution_time = 0')
    one(c, 'sleeping', 'SELECT CONNECTION_ID()')
    fails('killed', execute, c, 'SELECT SLEEP(30)')
    one(c, 'after', 'SELECT 1')
    other = connect()
    c.kill(other.thread_id())
    try:
        execute(other, 'SELECT 1')
    except driver.OperationalError:
        say('kill', 'gone')


def login(c):
    one(c, 'login', 'SELECT CURRENT_USER()')
    secure = connect(port=PROXY, ssl=SSL)
    one(secure, 'over TLS', 'SELECT CURRENT_USER()')
    secure.close()
    fails('wrong password', connect, 'wrong')


def tour(c):
    walk(c)
    transactions(c)
    session(c)
    if not pymysql:
        compressed()
    interrupted(c)
    rows(c, 'remove', 'REMOVE @%s/books.parquet' % STAGE)
    does(c, 'drop', 'DROP STAGE ' + STAGE)


connection = connect()
{'tour': tour, 'login': login}[sys.argv[2]](connection)
connection.close()
say('end', 'closed')
