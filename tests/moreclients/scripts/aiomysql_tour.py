import asyncio

import aiomysql

from tour import HOST, PORT, STAGE, say


async def tour():
    c = await aiomysql.connect(host=HOST, port=PORT, user='root', password='', db='default', charset='utf8mb4')
    cursor = await c.cursor()

    async def rows(query, *args):
        await cursor.execute(query, args or None)
        return [r[0] for r in await cursor.fetchall()]

    say('connect', *await rows('SELECT DATABASE()'))
    say('list', *await rows('LIST @' + STAGE))
    say('limit', *await rows('SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS ORDER BY 1 LIMIT %s OFFSET %s', 2, 1))
    await c.begin()
    await cursor.execute('SAVEPOINT a')
    try:
        await rows('SELECT nope')
    except aiomysql.OperationalError as e:
        say('nested', e.args[0])
    await cursor.execute('ROLLBACK TO SAVEPOINT a')
    say('outer', *await rows('SELECT 1'))
    await c.commit()
    try:
        await rows('SELECT * FROM nope')
    except aiomysql.ProgrammingError as e:
        say('error', e.args[0])
    await cursor.close()
    c.close()
    say('disconnect', c.closed)


asyncio.run(tour())
