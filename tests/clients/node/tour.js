// What the tours with mysql2's two interfaces share. Each gives a driver:
// functions that return promises, made of its own kind of calls.
'use strict';

const env = process.env;
const stage = env.STAGE;
const big = 'x'.repeat(300000);
const types = "SELECT 7 AS i, -8 AS n, 18446744073709551615 AS u, 1.50 AS c, 2.5e0 AS f, 'Žluť €' AS t, NULL AS z, "
  + "CAST(X'00ff' AS BINARY) AS b, CAST('2024-02-29' AS DATE) AS d, "
  + "CAST('2024-02-29 12:34:56.123456' AS DATETIME(6)) AS s";
const errors = [
  ['syntax', 'SELEKT 1'],
  ['not found', `LIST @${stage}_none`],
  ['exists', `CREATE STAGE ${stage}`],
  ['unsupported', 'CREATE TABLE t (a INT)'],
  ['unsafe', `REMOVE @${stage}`],
  ['invalid', `CREATE STAGE ${stage}_bad FILE_FORMAT = (TYPE = WORD)`],
];
const bound = [[1, 'one'], [-2, 'O\'Re\\il"ly'], [null, '€']];

const defaults = {
  host: '127.0.0.1', port: Number(env.SQL_PORT), user: 'root', password: env.SQL_PASSWORD,
  // A Date of JavaScript's has no microseconds, and its integers end at 2^53.
  dateStrings: true, supportBigNumbers: true, rowsAsArray: true,
};
const overProxy = { ...defaults, port: Number(env.PROXY_PORT), compress: true };
const manyStatements = { ...defaults, multipleStatements: true };

function say(step, ...values) {
  console.log(`${step}: ${values.join(' | ')}`);
}

// The value with the kind of its type; of strings, with the kind that the
// driver tells of the column.
const kinds = { 8: 'int', 10: 'date', 12: 'datetime', 246: 'decimal', 253: 'text' };

function value(v, field) {
  if (v === null) return 'null';
  if (Buffer.isBuffer(v)) return `bytes ${v.toString('hex')}`;
  if (typeof v === 'number') return `${field.columnType === 5 ? 'float' : 'int'} ${v}`;
  return `${kinds[field.columnType]} ${v}`;
}

function values(step, [rows, fields]) {
  for (const r of rows) say(step, ...r.map((v, i) => value(v, fields[i])));
}

function all(step, result) {
  say(step, ...result[1].map((f) => f.name));
  values(step, result);
}

async function fails(step, call) {
  try {
    await call();
    say(step, 'done');
  } catch (e) {
    say(step, `error ${e.errno} ${e.sqlState}`);
  }
}

// The page's request: a form with one file.
async function upload(name, content) {
  const form = new FormData();
  form.append('upload', new Blob([content]), name);
  const answer = await fetch(`http://${env.HTTP_ADDR}/v1/upload_to_stage`, { method: 'PUT', headers: { stage_name: stage, connection: 'close' }, body: form });
  say('upload', answer.status);
}

async function walk(c) {
  values('version', await c.query('SELECT VERSION()'));
  const [done] = await c.query(`CREATE STAGE ${stage}`);
  say('create', `done ${done.affectedRows}`);
  all('empty list', await c.query(`LIST @${stage}`));
  await upload('books.parquet', 'PAR1 and so on PAR1');
  all('list', await c.query(`LIST @${stage}`));
  all('full', await c.query(`LIST FULL @${stage}`));
  all('types', await c.query(types));
  for (const [step, query] of errors) await fails(step, () => c.query(query));
  for (const args of bound) values('bound', await c.query('SELECT ?, ?', args));
}

async function prepared(c) {
  const s = await c.prepare('SELECT ?, ?');
  for (const args of bound) values('prepared', await s.execute(args));
  await s.close();
  all('prepared types', await c.execute(types));
  for (let i = 0; i < 2; i++) values('prepared list', await c.execute(`LIST @${stage}`));
  await fails('prepared error', () => c.execute(`LIST @${stage}_none`));
}

async function transactions(c) {
  for (const [on, end] of [[0, 'commit'], [0, 'rollback'], [1, 'commit']]) {
    await c.query(`SET autocommit = ${on}`);
    values('autocommit', await c.query('SELECT @@autocommit'));
    await c.beginTransaction();
    await c[end]();
  }
}

async function session(c, connect) {
  await c.query('USE `default`');
  values('use', await c.query('SELECT DATABASE()'));
  await fails('use', () => c.query('USE nowhere'));
  c = await connect(defaults);
  await c.ping();
  await c.query('SET @x = 5');
  await c.changeUser({ user: 'root' });
  values('change user', await c.query('SELECT @x, CURRENT_USER()'));
  await c.query('SET @x = 5');
  await c.reset();
  values('reset', await c.query('SELECT @x'));
  await c.end();
  const many = await connect(manyStatements);
  const [rows, fields] = await many.query(`SELECT 1; SELECT 'two'; LIST @${stage}`);
  rows.forEach((r, i) => values('multi', [r, fields[i]]));
  await fails('multi error', () => many.query(`SELECT 1; LIST @${stage}_none; SELECT 3`));
  await many.end();
}

async function compressed(connect) {
  const c = await connect(overProxy);
  values('compressed', await c.query(`SELECT LENGTH('${big}')`));
  const [[[text]]] = await c.query(`SELECT '${big}'`);
  say('compressed', text === big ? 'same' : 'different');
  await c.end();
}

async function interrupted(c, connect) {
  await c.query('SET max_execution_time = 100');
  await fails('timeout', () => c.query('SELECT SLEEP(30)'));
  await c.query('SET max_execution_time = 0');
  values('sleeping', await c.query('SELECT CONNECTION_ID()'));
  await fails('killed', () => c.query('SELECT SLEEP(30)'));
  values('after', await c.query('SELECT 1'));
  const other = await connect(defaults);
  const gone = new Promise((resolve) => { other.on('error', resolve); });
  await c.query(`KILL ${other.threadId}`);
  await gone;
  say('kill', 'gone');
}

async function tour(c, connect) {
  await walk(c);
  await prepared(c);
  await transactions(c);
  await session(c, connect);
  await compressed(connect);
  await interrupted(c, connect);
  all('remove', await c.query(`REMOVE @${stage}/books.parquet`));
  const [done] = await c.query(`DROP STAGE ${stage}`);
  say('drop', `done ${done.affectedRows}`);
}

async function login(c, connect) {
  values('login', await c.query('SELECT CURRENT_USER()'));
  const secure = await connect({ ...overProxy, compress: false, ssl: { rejectUnauthorized: false } });
  values('over TLS', await secure.query('SELECT CURRENT_USER()'));
  await secure.end();
  await fails('wrong password', () => connect({ ...defaults, password: 'wrong' }));
}

async function main(connect) {
  const c = await connect(defaults);
  await (process.argv[2] === 'login' ? login : tour)(c, connect);
  await c.end();
  say('end', 'closed');
}

module.exports = { main };
