const { HOST, PORT, STAGE, SETS, say, run } = require('./tour')
const { drizzle } = require('drizzle-orm/mysql2')
const { sql } = require('drizzle-orm')
const mysql = require('mysql2/promise')

run(async () => {
  const connection = await mysql.createConnection({ host: HOST, port: PORT, user: 'root', database: 'default' })
  const db = drizzle(connection)
  const rows = async (on, query) => (await on.execute(query))[0]
  say('connect', (await rows(db, sql`SELECT DATABASE() AS d`))[0].d)
  say('list', ...(await rows(db, sql.raw('LIST @' + STAGE))).map((r) => r.file_name))
  say('limit', ...(await rows(db, sql`${sql.raw(SETS)}${2} OFFSET ${1}`)).map((r) => r.n))
  await db.transaction(async (t) => {
    await t.transaction((u) => rows(u, sql`SELECT nope`)).catch((e) => say('nested', e.errno))
    say('outer', (await rows(t, sql`SELECT 1 AS x`))[0].x)
  })
  await rows(db, sql`SELECT * FROM nope`).catch((e) => say('error', e.errno))
  await connection.end()
  say('disconnect', true)
})
