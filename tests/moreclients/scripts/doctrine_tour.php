<?php
// doctrine_tour.php DRIVER
require_once 'Doctrine/DBAL/autoload.php';

use Doctrine\DBAL\Connection;
use Doctrine\DBAL\DriverManager;
use Doctrine\DBAL\Exception\InvalidFieldNameException;
use Doctrine\DBAL\Exception\TableNotFoundException;
use Doctrine\DBAL\ParameterType;

$stage = getenv('STAGE');

function say($step, ...$what)
{
    echo $step, ': ', implode(' | ', $what), "\n";
}

function connect($database)
{
    $db = DriverManager::getConnection([
        'driver' => $GLOBALS['argv'][1], 'host' => getenv('HOST'), 'port' => (int) getenv('PORT'), 'user' => 'root', 'password' => '', 'dbname' => $database,
    ]);
    $db->setNestTransactionsWithSavepoints(true);
    return $db;
}

$db = connect('default');
say('connect', $db->fetchOne('SELECT DATABASE()'));
say('list', ...$db->fetchFirstColumn("LIST @$stage"));
$line = $db->fetchAssociative("SELECT a, b FROM $stage.`a.csv` WHERE a = ? AND b IN (?)", [1, [2, 3]], [ParameterType::INTEGER, Connection::PARAM_INT_ARRAY]);
$query = $db->createQueryBuilder();
$query->select('SUM(l.b)')->from("$stage.`a.csv`", 'l')->where($query->expr()->gt('l.a', ':a'))->setParameter('a', 0);
say('file', $line['a'], $line['b'], $query->fetchOne(), $db->fetchOne('SELECT :x', ['x' => "O'Re\\il"]));
$schema = connect($stage)->createSchemaManager();
say('schema', ...$schema->listTableNames(), ...array_map(fn ($c) => "{$c->getName()} {$c->getType()->getName()}", array_values($schema->listTableColumns('a.csv'))));
say('limit', ...$db->createQueryBuilder()->select('CHARACTER_SET_NAME')->from('information_schema.CHARACTER_SETS')->orderBy('1')
    ->setFirstResult(1)->setMaxResults(2)->fetchFirstColumn());
$db->transactional(function ($db) {
    try {
        $db->transactional(fn ($db) => $db->fetchOne('SELECT nope'));
    } catch (InvalidFieldNameException $e) {
        say('nested', $e->getCode());
    }
    say('outer', $db->fetchOne('SELECT 1'));
});
try {
    $db->fetchOne('SELECT * FROM nope');
} catch (TableNotFoundException $e) {
    say('error', $e->getCode(), $e->getSQLState());
}
$db->close();
say('disconnect', $db->isConnected() ? 'false' : 'true');
