# dbdmariadb_tour.pl: DBI with DBD::MariaDB.
use strict;
use warnings;
use DBI qw(:sql_types);

sub say { my $step = shift; print "$step: ", join(' | ', @_), "\n" }

my $dbh = DBI->connect("dbi:MariaDB:database=default;host=$ENV{HOST};port=$ENV{PORT}", 'root', '', { RaiseError => 1, PrintError => 0 });

sub rows {
    my ($server, $query, @args) = @_;
    my $st = $dbh->prepare($query, { mariadb_server_prepare => $server });
    $st->bind_param($_ + 1, $args[$_], $args[$_] =~ /^\d+$/ ? SQL_INTEGER : SQL_VARCHAR) for 0 .. $#args;
    $st->execute;
    return map { @$_ } @{ $st->fetchall_arrayref };
}

say('connect', rows(0, 'SELECT DATABASE()'));
say('list', rows(1, "LIST \@$ENV{STAGE}"));
say('file', rows($_, "SELECT ?, b FROM $ENV{STAGE}.`a.csv` WHERE a = ?", "O'Re\\il", 1)) for 0, 1;
say('tables', $dbh->tables(undef, $ENV{STAGE}, '%', 'TABLE'));
say('columns', map { "$_->{COLUMN_NAME} $_->{TYPE_NAME}" } @{ $dbh->column_info(undef, $ENV{STAGE}, 'a.csv', '%')->fetchall_arrayref({}) });
say('limit', rows(1, 'SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS ORDER BY 1 LIMIT ? OFFSET ?', 2, 1));
$dbh->begin_work;
$dbh->do('SAVEPOINT a');
eval { rows(0, 'SELECT nope') };
say('nested', $dbh->err);
$dbh->do('ROLLBACK TO SAVEPOINT a');
say('outer', rows(0, 'SELECT 1'));
$dbh->commit;
eval { rows(1, 'SELECT * FROM nope') };
say('error', $dbh->err, $dbh->state);
$dbh->disconnect;
say('disconnect', $dbh->ping ? 'false' : 'true');
