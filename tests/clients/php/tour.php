<?php
// What the tours of PHP's two drivers share.
define('PORT', (int) getenv('SQL_PORT'));
define('PROXY', (int) getenv('PROXY_PORT'));
define('PASSWORD', getenv('SQL_PASSWORD'));
define('STAGE', getenv('STAGE'));
define('BIG', str_repeat('x', 300000));
const TYPES = "SELECT 7 AS i, -8 AS n, 18446744073709551615 AS u, 1.50 AS c, 2.5e0 AS f, 'Žluť €' AS t, NULL AS z, "
    . "CAST(X'00ff' AS BINARY) AS b, CAST('2024-02-29' AS DATE) AS d, "
    . "CAST('2024-02-29 12:34:56.123456' AS DATETIME(6)) AS s";
define('ERRORS', [
    'syntax' => 'SELEKT 1',
    'not found' => 'LIST @' . STAGE . '_none',
    'exists' => 'CREATE STAGE ' . STAGE,
    'unsupported' => 'CREATE TABLE t (a INT)',
    'unsafe' => 'REMOVE @' . STAGE,
    'invalid' => 'CREATE STAGE ' . STAGE . '_bad FILE_FORMAT = (TYPE = WORD)',
]);
const BOUND = [[1, 'one'], [-2, 'O\'Re\\il"ly'], [null, '€']];

set_error_handler(function ($level, $message) {
    throw new ErrorException($message, 0, $level);
});

function say($step, ...$values)
{
    echo $step, ': ', implode(' | ', $values), "\n";
}

// The value with the kind of its PHP type; of strings, which PHP has for all
// that it has no type for, with the kind that the driver tells.
function value($v, $kind)
{
    return match (gettype($v)) {
        'NULL' => 'null',
        'integer' => "int $v",
        'double' => "float $v",
        'string' => $kind === 'bytes' ? 'bytes ' . bin2hex($v) : "$kind $v",
    };
}

// The page's request: a form with one file.
function upload($name, $content)
{
    $body = "--limit\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"$name\"\r\n\r\n$content\r\n--limit--\r\n";
    $headers = ['stage_name: ' . STAGE, 'Content-Type: multipart/form-data; boundary=limit'];
    $context = stream_context_create(['http' => ['method' => 'PUT', 'header' => $headers, 'content' => $body]]);
    file_get_contents('http://' . getenv('HTTP_ADDR') . '/v1/upload_to_stage', false, $context);
    say('upload', explode(' ', $http_response_header[0])[1]);
}
