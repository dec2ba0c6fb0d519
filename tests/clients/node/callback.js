// callback.js tour|login: the tour with mysql2's callbacks.
'use strict';

const mysql = require('mysql2');
const { main } = require('./tour.js');

// call makes a promise of a call whose last argument is the callback.
function call(o, method, ...args) {
  return new Promise((resolve, reject) => {
    o[method](...args, (err, ...result) => (err ? reject(err) : resolve(result)));
  });
}

async function prepare(c, text) {
  const [s] = await call(c, 'prepare', text);
  return { execute: (args) => call(s, 'execute', args), close: () => s.close() };
}

async function connect(options) {
  const c = mysql.createConnection(options);
  await call(c, 'connect');
  const own = { threadId: c.threadId, on: (...args) => c.on(...args), prepare: (text) => prepare(c, text), execute: (text) => call(c, 'execute', text, []) };
  for (const method of ['query', 'beginTransaction', 'commit', 'rollback', 'ping', 'reset', 'changeUser', 'end']) {
    own[method] = (...args) => call(c, method, ...args);
  }
  own.query = (text, args) => call(c, 'query', text, args ?? []);
  return own;
}

main(connect);
