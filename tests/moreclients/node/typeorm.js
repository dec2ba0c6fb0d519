require('reflect-metadata')
const { HOST, PORT, STAGE, SETS, say, run } = require('./tour')
const { DataSource } = require('typeorm')

run(async () => {
  const db = new DataSource({ type: 'mysql', host: HOST, port: PORT, username: 'root', database: 'default', connectorPackage: 'mysql2' })
  await db.initialize()
  say('connect', (await db.query('SELECT DATABASE() AS d'))[0].d)
  say('list', ...(await db.query('LIST @' + STAGE)).map((r) => r.file_name))
  say('limit', ...(await db.query(SETS + '? OFFSET ?', [2, 1])).map((r) => r.n))
  await db.transaction(async (t) => {
    await t.transaction((u) => u.query('SELECT nope')).catch((e) => say('nested', e.errno))
    say('outer', (await t.query('SELECT 1 AS x'))[0].x)
  })
  await db.query('SELECT * FROM nope').catch((e) => say('error', e.errno))
  await db.destroy()
  say('disconnect', true)
})
