const { HOST, PORT, STAGE, SETS, say, run } = require('./tour')
const { Sequelize, QueryTypes } = require('sequelize')

const db = new Sequelize('default', 'root', '', { host: HOST, port: PORT, dialect: 'mysql', logging: false })
const rows = (query, more) => db.query(query, { type: QueryTypes.SELECT, ...more })

run(async () => {
  await db.authenticate()
  say('connect', (await rows('SELECT DATABASE() AS d'))[0].d)
  say('list', ...(await db.query('LIST @' + STAGE))[0].map((r) => r.file_name))
  say('limit', ...(await rows(SETS + '$1 OFFSET $2', { bind: [2, 1] })).map((r) => r.n))
  await db.transaction(async (transaction) => {
    await db.transaction({ transaction }, (u) => rows('SELECT nope', { transaction: u })).catch((e) => say('nested', e.parent.errno))
    say('outer', (await rows('SELECT 1 AS x', { transaction }))[0].x)
  })
  await rows('SELECT * FROM nope').catch((e) => say('error', e.parent.errno))
  await db.close()
  say('disconnect', true)
})
