import django
from django.conf import settings

from tour import HOST, PORT, STAGE, say

settings.configure(DATABASES={'default': {
    'ENGINE': 'django.db.backends.mysql', 'HOST': HOST, 'PORT': PORT, 'USER': 'root', 'PASSWORD': '', 'NAME': 'default'}})
django.setup()

from django.db import connection, models, transaction
from django.db.utils import ProgrammingError


class CharacterSet(models.Model):
    name = models.CharField(max_length=64, primary_key=True, db_column='CHARACTER_SET_NAME')

    class Meta:
        app_label = 'tour'
        managed = False
        db_table = 'CHARACTER_SETS'


def one(query, *args):
    with connection.cursor() as cursor:
        cursor.execute(query, args)
        return cursor.fetchone()[0]


connection.ensure_connection()
say('connect', one('SELECT DATABASE()'))
with connection.cursor() as cursor:
    cursor.execute('LIST @' + STAGE)
    say('list', *[r[0] for r in cursor.fetchall()])
with connection.cursor() as cursor:
    cursor.execute('USE information_schema')
say('limit', *[c.name for c in CharacterSet.objects.order_by('name')[1:3]])
with connection.cursor() as cursor:
    cursor.execute('USE `default`')
with transaction.atomic():
    try:
        with transaction.atomic():
            one('SELECT nope')
    except Exception as e:
        say('nested', e.args[0])
    say('outer', one('SELECT %s', 1))
try:
    one('SELECT * FROM nope')
except ProgrammingError as e:
    say('error', e.args[0])
connection.close()
say('disconnect', connection.connection is None)
