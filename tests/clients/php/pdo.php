<?php
// pdo.php tour|login
require __DIR__ . '/tour.php';

function connect($password = PASSWORD, $port = PORT, $options = [])
{
    return new PDO("mysql:host=127.0.0.1;port=$port;charset=utf8mb4", 'root', $password, $options);
}

function kind($meta)
{
    return match ($meta['native_type']) {
        'LONGLONG' => 'int',
        'NEWDECIMAL' => 'decimal',
        'DATE' => 'date',
        'DATETIME' => 'datetime',
        'BLOB' => 'bytes',
        'VAR_STRING' => 'text',
    };
}

function values($step, $s)
{
    foreach ($s->fetchAll(PDO::FETCH_NUM) as $row) {
        say($step, ...array_map(fn ($v, $i) => value($v, is_string($v) ? kind($s->getColumnMeta($i)) : ''), $row, array_keys($row)));
    }
}

function all($step, $s)
{
    say($step, ...array_map(fn ($i) => $s->getColumnMeta($i)['name'], range(0, $s->columnCount() - 1)));
    values($step, $s);
}

function fails($step, $call)
{
    try {
        $call();
        say($step, 'done');
    } catch (PDOException $e) {
        say($step, "error {$e->errorInfo[1]} {$e->errorInfo[0]}");
    }
}

function bind($s, $args)
{
    foreach ($args as $i => $v) {
        $s->bindValue($i + 1, $v, is_int($v) ? PDO::PARAM_INT : (is_null($v) ? PDO::PARAM_NULL : PDO::PARAM_STR));
    }
    $s->execute();
    return $s;
}

function walk($c)
{
    values('version', $c->query('SELECT VERSION()'));
    say('create', 'done ' . $c->exec('CREATE STAGE ' . STAGE));
    all('empty list', $c->query('LIST @' . STAGE));
    upload('books.parquet', 'PAR1 and so on PAR1');
    all('list', $c->query('LIST @' . STAGE));
    all('full', $c->query('LIST FULL @' . STAGE));
    all('types', $c->query(TYPES));
    foreach (ERRORS as $step => $query) {
        fails($step, fn () => $c->query($query));
    }
    foreach (BOUND as $args) {
        values('bound', bind($c->prepare('SELECT ?, ?'), $args));
    }
}

function prepared($c)
{
    $c->setAttribute(PDO::ATTR_EMULATE_PREPARES, false);
    $s = $c->prepare('SELECT ?, ?');
    foreach (BOUND as $args) {
        values('prepared', bind($s, $args));
    }
    all('prepared types', bind($c->prepare(TYPES), []));
    $s = $c->prepare('LIST @' . STAGE);
    foreach ([1, 2] as $_) {
        values('prepared list', bind($s, []));
    }
    fails('prepared error', fn () => $c->prepare('LIST @' . STAGE . '_none')->execute());
    $c->setAttribute(PDO::ATTR_EMULATE_PREPARES, true);
}

function transactions($c)
{
    foreach ([[false, 'commit'], [false, 'rollback'], [true, 'commit']] as [$on, $end]) {
        $c->setAttribute(PDO::ATTR_AUTOCOMMIT, $on);
        values('autocommit', $c->query('SELECT @@autocommit'));
        $c->beginTransaction();
        say('transaction', $c->inTransaction() ? 'open' : 'closed');
        $c->$end();
        say('transaction', $c->inTransaction() ? 'open' : 'closed');
    }
}

function results($c, $step, $query)
{
    $s = $c->query($query);
    do {
        values($step, $s);
    } while ($s->nextRowset());
}

function session($c)
{
    $c->exec('USE `default`');
    values('use', $c->query('SELECT DATABASE()'));
    fails('use', fn () => $c->exec('USE nowhere'));
    results($c, 'multi', "SELECT 1; SELECT 'two'; LIST @" . STAGE);
    fails('multi error', fn () => results($c, 'multi error', 'SELECT 1; LIST @' . STAGE . '_none; SELECT 3'));
}

function compressed()
{
    $c = connect(PASSWORD, PROXY, [PDO::MYSQL_ATTR_COMPRESS => true]);
    values('compressed', $c->query("SELECT LENGTH('" . BIG . "')"));
    $same = $c->query("SELECT '" . BIG . "'")->fetchColumn() === BIG;
    say('compressed', $same ? 'same' : 'different');
}

function interrupted($c)
{
    $c->exec('SET max_execution_time = 100');
    fails('timeout', fn () => $c->query('SELECT SLEEP(30)'));
    $c->exec('SET max_execution_time = 0');
    values('sleeping', $c->query('SELECT CONNECTION_ID()'));
    fails('killed', fn () => $c->query('SELECT SLEEP(30)'));
    values('after', $c->query('SELECT 1'));
    $other = connect();
    $c->exec('KILL ' . $other->query('SELECT CONNECTION_ID()')->fetchColumn());
    try {
        $other->query('SELECT 1');
    } catch (PDOException $e) {
        say('kill', $e->errorInfo[1] === 2006 ? 'gone' : $e->getMessage());
    }
}

function tour($c)
{
    walk($c);
    prepared($c);
    transactions($c);
    session($c);
    compressed();
    interrupted($c);
    all('remove', $c->query('REMOVE @' . STAGE . '/books.parquet'));
    say('drop', 'done ' . $c->exec('DROP STAGE ' . STAGE));
}

function login($c)
{
    values('login', $c->query('SELECT CURRENT_USER()'));
    $secure = connect(PASSWORD, PROXY, [PDO::MYSQL_ATTR_SSL_CIPHER => 'DEFAULT', PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => false]);
    values('over TLS', $secure->query('SELECT CURRENT_USER()'));
    fails('wrong password', fn () => connect('wrong'));
}

$c = connect();
$argv[1] === 'login' ? login($c) : tour($c);
$c = null;
say('end', 'closed');
