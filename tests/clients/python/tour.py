"""What the tours of the Python drivers share."""
import datetime
import decimal
import os
import urllib.request

HOST = '127.0.0.1'
PORT = int(os.environ['SQL_PORT'])
PROXY = int(os.environ['PROXY_PORT'])
PASSWORD = os.environ['SQL_PASSWORD']
STAGE = os.environ['STAGE']
BIG = 'x' * 300000

TYPES = ("SELECT 7 AS i, -8 AS n, 18446744073709551615 AS u, 1.50 AS c, 2.5e0 AS f, 'Žluť €' AS t, NULL AS z, "
         "CAST(X'00ff' AS BINARY) AS b, CAST('2024-02-29' AS DATE) AS d, "
         "CAST('2024-02-29 12:34:56.123456' AS DATETIME(6)) AS s")
ERRORS = [
    ('syntax', 'SELEKT 1'),
    ('not found', 'LIST @%s_none' % STAGE),
    ('exists', 'CREATE STAGE ' + STAGE),
    ('unsupported', 'CREATE TABLE t (a INT)'),
    ('unsafe', 'REMOVE @' + STAGE),
    ('invalid', 'CREATE STAGE %s_bad FILE_FORMAT = (TYPE = WORD)' % STAGE),
]
BOUND = [(1, 'one'), (-2, 'O\'Re\\il"ly'), (None, '€')]


def say(step, *values):
    print('%s: %s' % (step, ' | '.join(values)), flush=True)


def value(v):
    """The value with the kind of its Python type."""
    if v is None:
        return 'null'
    if isinstance(v, bytes):
        return 'bytes ' + v.hex()
    if isinstance(v, datetime.datetime):
        return 'datetime ' + v.isoformat(' ')
    kinds = {int: 'int', str: 'text', float: 'float', decimal.Decimal: 'decimal', datetime.date: 'date'}
    return '%s %s' % (kinds[type(v)], v)


def row(step, values):
    say(step, *map(value, values))


def upload(name, content):
    """The page's request: a form with one file."""
    body = (b'--limit\r\nContent-Disposition: form-data; name="upload"; filename="%s"\r\n\r\n%s\r\n--limit--\r\n'
            % (name.encode(), content))
    request = urllib.request.Request(
        'http://%s/v1/upload_to_stage' % os.environ['HTTP_ADDR'], body, method='PUT',
        headers={'stage_name': STAGE, 'Content-Type': 'multipart/form-data; boundary=limit'})
    with urllib.request.urlopen(request) as answer:
        say('upload', str(answer.status))
