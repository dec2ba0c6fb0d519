// promise.js tour|login: the tour with mysql2's promises.
'use strict';

const mysql = require('mysql2/promise');
const { main } = require('./tour.js');

main((options) => mysql.createConnection(options));
