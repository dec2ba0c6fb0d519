<?php
// mysqli.php tour|login
require __DIR__ . '/tour.php';

function connect($password = PASSWORD, $port = PORT, $flags = 0)
{
    $c = mysqli_init();
    // Without it, mysqli makes strings of all that comes as text.
    $c->options(MYSQLI_OPT_INT_AND_FLOAT_NATIVE, true);
    $c->real_connect('127.0.0.1', 'root', $password, null, $port, null, $flags);
    return $c;
}

function kind($field)
{
    return match ($field->type) {
        MYSQLI_TYPE_LONGLONG => 'int',
        MYSQLI_TYPE_NEWDECIMAL => 'decimal',
        MYSQLI_TYPE_DATE => 'date',
        MYSQLI_TYPE_DATETIME => 'datetime',
        default => $field->charsetnr === 63 ? 'bytes' : 'text',
    };
}

function values($step, $result)
{
    $fields = $result->fetch_fields();
    foreach ($result->fetch_all() as $row) {
        say($step, ...array_map(fn ($v, $f) => value($v, kind($f)), $row, $fields));
    }
}

function all($step, $result)
{
    say($step, ...array_map(fn ($f) => $f->name, $result->fetch_fields()));
    values($step, $result);
}

function fails($step, $call)
{
    try {
        $call();
        say($step, 'done');
    } catch (mysqli_sql_exception $e) {
        say($step, "error {$e->getCode()} {$e->getSqlState()}");
    }
}

function does($c, $step, $query)
{
    $c->query($query);
    say($step, "done $c->affected_rows");
}

function walk($c)
{
    values('version', $c->query('SELECT VERSION()'));
    does($c, 'create', 'CREATE STAGE ' . STAGE);
    all('empty list', $c->query('LIST @' . STAGE));
    upload('books.parquet', 'PAR1 and so on PAR1');
    all('list', $c->query('LIST @' . STAGE));
    all('full', $c->query('LIST FULL @' . STAGE));
    all('types', $c->query(TYPES));
    foreach (ERRORS as $step => $query) {
        fails($step, fn () => $c->query($query));
    }
    foreach (BOUND as $args) {
        values('bound', $c->execute_query('SELECT ?, ?', $args));
    }
}

function prepared($c)
{
    $number = $text = null;
    $s = $c->prepare('SELECT ?, ?');
    $s->bind_param('is', $number, $text);
    foreach (BOUND as [$number, $text]) {
        $s->execute();
        values('prepared', $s->get_result());
    }
    $s->close();
    $s = $c->prepare(TYPES);
    $s->execute();
    all('prepared types', $s->get_result());
    $s = $c->prepare('LIST @' . STAGE);
    foreach ([1, 2] as $_) {
        $s->execute();
        values('prepared list', $s->get_result());
    }
    fails('prepared error', fn () => $c->prepare('LIST @' . STAGE . '_none')->execute());
}

function transactions($c)
{
    foreach ([[false, 'commit'], [false, 'rollback'], [true, 'commit']] as [$on, $end]) {
        $c->autocommit($on);
        values('autocommit', $c->query('SELECT @@autocommit'));
        $c->begin_transaction();
        $c->$end();
    }
}

function results($c, $step, $query)
{
    $c->multi_query($query);
    do {
        values($step, $c->store_result());
    } while ($c->next_result());
}

function session($c)
{
    $c->select_db('default');
    values('use', $c->query('SELECT DATABASE()'));
    fails('use', fn () => $c->select_db('nowhere'));
    $c->query('SET @x = 5');
    $c->change_user('root', PASSWORD, null);
    values('change user', $c->query('SELECT @x, CURRENT_USER()'));
    results($c, 'multi', "SELECT 1; SELECT 'two'; LIST @" . STAGE);
    fails('multi error', fn () => results($c, 'multi error', 'SELECT 1; LIST @' . STAGE . '_none; SELECT 3'));
}

function compressed()
{
    $c = connect(PASSWORD, PROXY, MYSQLI_CLIENT_COMPRESS);
    values('compressed', $c->query("SELECT LENGTH('" . BIG . "')"));
    $same = $c->query("SELECT '" . BIG . "'")->fetch_row()[0] === BIG;
    say('compressed', $same ? 'same' : 'different');
    $c->close();
}

function interrupted($c)
{
    $c->query('SET max_execution_time = 100');
    fails('timeout', fn () => $c->query('SELECT SLEEP(30)'));
    $c->query('SET max_execution_time = 0');
    say('sleeping', "int $c->thread_id");
    fails('killed', fn () => $c->query('SELECT SLEEP(30)'));
    values('after', $c->query('SELECT 1'));
    $other = connect();
    $c->kill($other->thread_id);
    try {
        $other->query('SELECT 1');
    } catch (mysqli_sql_exception $e) {
        say('kill', $e->getCode() === 2006 ? 'gone' : $e->getMessage());
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
    does($c, 'drop', 'DROP STAGE ' . STAGE);
}

function login($c)
{
    values('login', $c->query('SELECT CURRENT_USER()'));
    $secure = connect(PASSWORD, PROXY, MYSQLI_CLIENT_SSL | MYSQLI_CLIENT_SSL_DONT_VERIFY_SERVER_CERT);
    values('over TLS', $secure->query('SELECT CURRENT_USER()'));
    $secure->close();
    fails('wrong password', fn () => connect('wrong'));
}

$c = connect();
$argv[1] === 'login' ? login($c) : tour($c);
$c->close();
say('end', 'closed');
