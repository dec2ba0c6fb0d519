<?php
// cursor.php: rows that mysqli fetches by a cursor, with a query after each.
require __DIR__ . '/tour.php';

$c = mysqli_init();
$c->real_connect('127.0.0.1', 'root', PASSWORD, null, PORT);
$s = $c->prepare('SELECT COLUMN_NAME, LENGTH(COLUMN_NAME), REPEAT(COLUMN_NAME, ?) FROM information_schema.COLUMNS ORDER BY 1 LIMIT 300');
$times = 20;
$s->bind_param('i', $times);
$s->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
foreach ([1, 2] as $_) {
    $s->execute();
    $s->bind_result($name, $length, $repeated);
    for ($rows = 0; $s->fetch(); $rows++) {
        if ($c->query("SELECT LENGTH('$name')")->fetch_row()[0] != $length || $repeated !== str_repeat($name, 20)) {
            say('wrong', $name);
        }
    }
    say('rows', $rows);
    $s->execute(); // and leaves its rows
    $s->fetch();
    $s->reset();
}
$s->close();
say('fetches', $c->query("SHOW SESSION STATUS LIKE 'Com_stmt_fetch'")->fetch_row()[1] > 600 ? 'one for each row' : 'few');
$c->close();
say('end', 'closed');
