# dbi.pl tour|login: the tour with DBI and DBD::mysql.
use strict;
use warnings;
use utf8;
use DBI qw(:sql_types);
use HTTP::Tiny;
use open qw(:std :encoding(UTF-8));

$| = 1;
my $stage = $ENV{STAGE};
my $big   = 'x' x 300000;
my $types = "SELECT 7 AS i, -8 AS n, 18446744073709551615 AS u, 1.50 AS c, 2.5e0 AS f, 'Žluť €' AS t, NULL AS z, "
    . "CAST(X'00ff' AS BINARY) AS b, CAST('2024-02-29' AS DATE) AS d, "
    . "CAST('2024-02-29 12:34:56.123456' AS DATETIME(6)) AS s";
my @errors = (
    ['syntax',      'SELEKT 1'],
    ['not found',   "LIST \@${stage}_none"],
    ['exists',      "CREATE STAGE $stage"],
    ['unsupported', 'CREATE TABLE t (a INT)'],
    ['unsafe',      "REMOVE \@$stage"],
    ['invalid',     "CREATE STAGE ${stage}_bad FILE_FORMAT = (TYPE = WORD)"],
);
my @bound = ([1, 'one'], [-2, 'O\'Re\\il"ly'], [undef, '€']);

sub say_step {
    my ($step, @values) = @_;
    print "$step: ", join(' | ', @values), "\n";
}

# Perl has one type of value, so the kind is the one of DBI.
my %kinds = (
    SQL_BIGINT,        'int',  SQL_DECIMAL,        'decimal', SQL_DOUBLE,    'float', SQL_VARCHAR,        'text',
    SQL_TYPE_DATE,     'date', SQL_TYPE_TIMESTAMP, 'datetime', SQL_TIMESTAMP, 'datetime', SQL_DATE,       'date',
    SQL_LONGVARBINARY, 'bytes', SQL_LONGVARCHAR,   'bytes',
);

sub value {
    my ($v, $type) = @_;
    return 'null' unless defined $v;
    my $kind = $kinds{$type} // "type $type";
    return $kind eq 'bytes' ? 'bytes ' . unpack('H*', $v) : "$kind $v";
}

sub values_of {
    my ($step, $s) = @_;
    my @types = @{ $s->{TYPE} };
    while (my $r = $s->fetchrow_arrayref) {
        say_step($step, map { value($r->[$_], $types[$_]) } 0 .. $#$r);
    }
}

sub all {
    my ($step, $s) = @_;
    say_step($step, @{ $s->{NAME} });
    values_of($step, $s);
}

sub query {
    my ($c, $query) = @_;
    my $s = $c->prepare($query);
    $s->execute;
    return $s;
}

sub fails {
    my ($step, $call) = @_;
    my $done = eval { $call->(); 1 };
    say_step($step, $done ? 'done' : "error $DBI::err $DBI::state");
}

sub upload {
    my ($name, $content) = @_;
    my $body = "--limit\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"$name\"\r\n\r\n$content\r\n--limit--\r\n";
    my $answer = HTTP::Tiny->new->put(
        "http://$ENV{HTTP_ADDR}/v1/upload_to_stage",
        { content => $body, headers => { stage_name => $stage, 'Content-Type' => 'multipart/form-data; boundary=limit' } },
    );
    say_step('upload', $answer->{status});
}

sub connect_to {
    my ($password, $port, $more) = @_;
    $more //= '';
    $more .= ";mysql_read_default_file=$ENV{CLIENT_CONFIG}" if $ENV{CLIENT_CONFIG};
    return DBI->connect("DBI:mysql:host=127.0.0.1;port=$port$more", 'root', $password,
        { RaiseError => 1, PrintError => 0, mysql_enable_utf8mb4 => 1 });
}

sub bind_all {
    my ($s, $args) = @_;
    $s->bind_param(1, $args->[0], SQL_INTEGER);
    $s->bind_param(2, $args->[1], SQL_VARCHAR);
    $s->execute;
    return $s;
}

sub walk {
    my ($c) = @_;
    values_of('version', query($c, 'SELECT VERSION()'));
    say_step('create', 'done ' . ($c->do("CREATE STAGE $stage") + 0));
    all('empty list', query($c, "LIST \@$stage"));
    upload('books.parquet', 'PAR1 and so on PAR1');
    all('list',  query($c, "LIST \@$stage"));
    all('full',  query($c, "LIST FULL \@$stage"));
    all('types', query($c, $types));
    for my $e (@errors) {
        fails($e->[0], sub { query($c, $e->[1]) });
    }
    for my $args (@bound) {
        values_of('bound', bind_all($c->prepare('SELECT ?, ?'), $args));
    }
}

sub prepared {
    my ($c) = @_;
    local $c->{mysql_server_prepare} = 1;
    my $s = $c->prepare('SELECT ?, ?');
    values_of('prepared', bind_all($s, $_)) for @bound;
    all('prepared types', query($c, $types));
    $s = $c->prepare("LIST \@$stage");
    for (1, 2) {
        $s->execute;
        values_of('prepared list', $s);
    }
    fails('prepared error', sub { query($c, "LIST \@${stage}_none") });
}

sub transactions {
    my ($c) = @_;
    for my $t ([0, 'commit'], [0, 'rollback'], [1, 'commit']) {
        my ($on, $end) = @$t;
        $c->{AutoCommit} = $on;
        values_of('autocommit', query($c, 'SELECT @@autocommit'));
        $c->begin_work if $on;
        $c->$end;
    }
}

sub results {
    my ($c, $step, $query) = @_;
    my $s = query($c, $query);
    do { values_of($step, $s) } while ($s->more_results);
}

sub session {
    my ($c) = @_;
    $c->do('USE `default`');
    values_of('use', query($c, 'SELECT DATABASE()'));
    fails('use', sub { $c->do('USE nowhere') });
    die 'no ping' unless $c->ping;
    my $many = connect_to($ENV{SQL_PASSWORD}, $ENV{SQL_PORT}, ';mysql_multi_statements=1');
    results($many, 'multi', "SELECT 1; SELECT 'two'; LIST \@$stage");
    fails('multi error', sub { results($many, 'multi error', "SELECT 1; LIST \@${stage}_none; SELECT 3") });
    $many->disconnect;
}

sub compressed {
    my $c = connect_to($ENV{SQL_PASSWORD}, $ENV{PROXY_PORT}, ';mysql_compression=1');
    values_of('compressed', query($c, "SELECT LENGTH('$big')"));
    my ($same) = $c->selectrow_array("SELECT '$big'");
    say_step('compressed', $same eq $big ? 'same' : 'different');
    $c->disconnect;
}

sub interrupted {
    my ($c) = @_;
    $c->do('SET max_execution_time = 100');
    fails('timeout', sub { query($c, 'SELECT SLEEP(30)') });
    $c->do('SET max_execution_time = 0');
    say_step('sleeping', "int $c->{mysql_thread_id}");
    fails('killed', sub { query($c, 'SELECT SLEEP(30)') });
    values_of('after', query($c, 'SELECT 1'));
    my $other = connect_to($ENV{SQL_PASSWORD}, $ENV{SQL_PORT});
    $c->do("KILL $other->{mysql_thread_id}");
    say_step('kill', $other->ping ? 'still there' : 'gone');
}

sub tour {
    my ($c) = @_;
    walk($c);
    prepared($c);
    transactions($c);
    session($c);
    compressed();
    interrupted($c);
    all('remove', query($c, "REMOVE \@$stage/books.parquet"));
    say_step('drop', 'done ' . ($c->do("DROP STAGE $stage") + 0));
}

sub login {
    my ($c) = @_;
    values_of('login', query($c, 'SELECT CURRENT_USER()'));
    my $secure = connect_to($ENV{SQL_PASSWORD}, $ENV{PROXY_PORT}, ';mysql_ssl=1;mysql_ssl_optional=1');
    values_of('over TLS', query($secure, 'SELECT CURRENT_USER()'));
    $secure->disconnect;
    fails('wrong password', sub { connect_to('wrong', $ENV{SQL_PORT}) });
}

my $c = connect_to($ENV{SQL_PASSWORD}, $ENV{SQL_PORT});
$ARGV[0] eq 'login' ? login($c) : tour($c);
$c->disconnect;
say_step('end', 'closed');
