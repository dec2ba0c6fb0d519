const { HOST, PORT, STAGE, say, run } = require('./tour')
const knex = require('knex')({ client: 'mysql2', connection: { host: HOST, port: PORT, user: 'root', database: 'default' } })

run(async () => {
  say('connect', (await knex.raw('SELECT DATABASE() AS d'))[0][0].d)
  say('list', ...(await knex.raw('LIST @' + STAGE))[0].map((r) => r.file_name))
  say('limit', ...(await knex('information_schema.CHARACTER_SETS').select('CHARACTER_SET_NAME as n').orderBy('n').limit(2).offset(1)).map((r) => r.n))
  await knex.transaction(async (t) => {
    await t.transaction((u) => u.raw('SELECT nope')).catch((e) => say('nested', e.errno))
    say('outer', (await t.raw('SELECT 1 AS x'))[0][0].x)
  })
  await knex('nope').select().catch((e) => say('error', e.errno))
  await knex.destroy()
  say('disconnect', true)
})
