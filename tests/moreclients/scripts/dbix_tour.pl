# dbix_tour.pl: DBIx::Class on DBD::mysql.
use strict;
use warnings;

package Files::Result::Line;
use base 'DBIx::Class::Core';
__PACKAGE__->table(\"$ENV{STAGE}.`a.csv`");
__PACKAGE__->add_columns(qw(a b));
__PACKAGE__->set_primary_key('a');

package Files;
use base 'DBIx::Class::Schema';
__PACKAGE__->register_class(Line => 'Files::Result::Line');

package main;

sub say { my $step = shift; print "$step: ", join(' | ', @_), "\n" }

my $schema = Files->connect("dbi:mysql:database=default;host=$ENV{HOST};port=$ENV{PORT}", 'root', '',
    { RaiseError => 1, PrintError => 0, auto_savepoint => 1 });
my ($dbh, $lines) = ($schema->storage->dbh, $schema->resultset('Line'));

say('connect', $dbh->selectrow_array('SELECT DATABASE()'));
say('list', @{ $dbh->selectcol_arrayref("LIST \@$ENV{STAGE}") });
my $line = $lines->search({ a => 1, b => { '>' => 1 } }, { order_by => 'a', rows => 10, page => 1 })->first;
say('file', $line->a, $line->b, $lines->count, $lines->get_column('b')->sum, defined $lines->find(5) ? 'found' : 'none');
say('limit', @{ $dbh->selectcol_arrayref('SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS ORDER BY 1 LIMIT ? OFFSET ?', undef, 2, 1) });
$schema->txn_do(sub {
    eval { $schema->txn_do(sub { eval { $dbh->selectrow_array('SELECT nope') } or say('nested', $dbh->err); die }) };
    say('outer', $dbh->selectrow_array('SELECT 1'));
});
eval { $dbh->selectrow_array('SELECT * FROM nope') };
say('error', $dbh->err, $dbh->state);
$schema->storage->disconnect;
say('disconnect', $dbh->{Active} ? 'false' : 'true');
