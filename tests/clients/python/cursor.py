"""cursor.py: rows that MariaDB's C library fetches by a cursor, with a statement after every 100."""
import ctypes
import os
import sys

CURSOR_TYPE, PREFETCH_ROWS, READ_ONLY, NO_DATA, TRUNCATED = 1, 2, 1, 100, 101

lib = ctypes.CDLL('libmariadb.so.3')
for name in 'mysql_init', 'mysql_real_connect', 'mysql_stmt_init':
    getattr(lib, name).restype = ctypes.c_void_p
lib.mysql_error.restype = lib.mysql_stmt_error.restype = ctypes.c_char_p


def want(ok):
    if not ok:
        sys.exit(f'{lib.mysql_error(connection)} {lib.mysql_stmt_error(statement) if statement else ""}')


statement = None
connection = ctypes.c_void_p(lib.mysql_init(None))
want(lib.mysql_real_connect(connection, b'127.0.0.1', b'root', os.environ['SQL_PASSWORD'].encode(), b'default',
                            int(os.environ['SQL_PORT']), None, ctypes.c_ulong(0)))
statement = ctypes.c_void_p(lib.mysql_stmt_init(connection))
text = b'SELECT COLUMN_NAME, REPEAT(COLUMN_NAME, 20) FROM information_schema.COLUMNS ORDER BY 1 LIMIT 300'
want(lib.mysql_stmt_prepare(statement, text, ctypes.c_ulong(len(text))) == 0)
for prefetch in 1, 7, 300, 5000:
    for attribute, value in (CURSOR_TYPE, READ_ONLY), (PREFETCH_ROWS, prefetch):
        want(lib.mysql_stmt_attr_set(statement, attribute, ctypes.byref(ctypes.c_ulong(value))) == 0)
    want(lib.mysql_stmt_execute(statement) == 0)
    rows = 0
    while (got := lib.mysql_stmt_fetch(statement)) != NO_DATA:
        want(got in (0, TRUNCATED))
        rows += 1
        if rows % 100 == 0:
            want(lib.mysql_query(connection, b'DO 1') == 0)
    print(f'rows: {rows}')
lib.mysql_stmt_close(statement)
lib.mysql_close(connection)
print('end: closed')
