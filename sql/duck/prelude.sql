-- What MySQL's functions mean where DuckDB's differ. A worker makes these
-- before it is locked; translated queries call them.

-- Numbers.
-- A division by zero warns. What DuckDB has as a constant it computes before any row, in a branch that no row takes
-- too: so the call takes both sides, of which one is of a row.
CREATE MACRO mysql_zero(n, d) AS CASE WHEN n IS NOT NULL THEN mysql_eval_int('{"Text":"i0 DIV 0","Inputs":[{"Name":"i0","Type":2,"Scale":0}]}', CAST(sign(n) AS BIGINT) + CAST(sign(d) AS BIGINT)) END;
CREATE MACRO mysql_no_logarithm(x) AS mysql_eval_double('{"Text":"LN(i0)","Inputs":[{"Name":"i0","Type":4,"Scale":0}]}', CASE WHEN x <= 0 THEN -1e0 END);
CREATE MACRO mysql_json_number(j) AS mysql_eval_double('{"Text":"i0 + 0e0","Inputs":[{"Name":"i0","Type":10,"Scale":0}]}', j);
CREATE MACRO mysql_json_integer(j) AS mysql_eval_int('{"Text":"CAST(i0 AS SIGNED)","Inputs":[{"Name":"i0","Type":10,"Scale":0}]}', j);
CREATE MACRO mysql_json_truth(j) AS (mysql_eval_int('{"Text":"NOT NOT i0","Inputs":[{"Name":"i0","Type":10,"Scale":0}]}', j) <> 0);
CREATE MACRO mysql_number(s) AS mysql_eval_double('{"Text":"i0 + 0e0","Inputs":[{"Name":"i0","Type":0,"Scale":0,"Collation":"utf8mb4_0900_bin","Explicit":false}]}', s);
CREATE MACRO mysql_later_number(s) AS mysql_later_double('{"Text":"i0 + 0e0","Inputs":[{"Name":"i0","Type":0,"Scale":0,"Collation":"utf8mb4_0900_bin","Explicit":false}]}', s);
CREATE MACRO mysql_integer_text(s) AS mysql_eval_int('{"Text":"CAST(i0 AS SIGNED)","Inputs":[{"Name":"i0","Type":0,"Scale":0,"Collation":"utf8mb4_0900_bin","Explicit":false}]}', s);
CREATE MACRO mysql_later_integer(s) AS mysql_later_int('{"Text":"CAST(i0 AS SIGNED)","Inputs":[{"Name":"i0","Type":0,"Scale":0,"Collation":"utf8mb4_0900_bin","Explicit":false}]}', s);
CREATE MACRO mysql_unsigned(n) AS CAST(CASE WHEN n < 0 THEN CAST(n AS HUGEINT) + 18446744073709551616 ELSE CAST(n AS HUGEINT) END AS UBIGINT);
CREATE MACRO mysql_double_text(d) AS mysql_eval_text('{"Text":"CONCAT(i0)","Inputs":[{"Name":"i0","Type":4,"Scale":0,"Collation":"utf8mb4_0900_bin","Explicit":false}]}', d);
-- MySQL writes six digits of a FLOAT.
CREATE MACRO mysql_float_text(f) AS mysql_double_text(CAST(printf('%.5e', CAST(f AS DOUBLE)) AS DOUBLE));
-- DuckDB has other mappings than MySQL for some characters beyond ASCII.
CREATE MACRO mysql_upper(s) AS CASE WHEN strlen(s) = length(s) THEN upper(s) ELSE mysql_eval_text('{"Text":"UPPER(i0)","Inputs":[{"Name":"i0","Type":0,"Scale":0,"Collation":"utf8mb4_0900_bin","Explicit":false}]}', s) END;
CREATE MACRO mysql_lower(s) AS CASE WHEN strlen(s) = length(s) THEN lower(s) ELSE mysql_eval_text('{"Text":"LOWER(i0)","Inputs":[{"Name":"i0","Type":0,"Scale":0,"Collation":"utf8mb4_0900_bin","Explicit":false}]}', s) END;
-- DuckDB keeps characters together that are shown as one.
CREATE MACRO mysql_reverse(s) AS CASE WHEN strlen(s) = length(s) THEN reverse(s) ELSE mysql_eval_text('{"Text":"REVERSE(i0)","Inputs":[{"Name":"i0","Type":0,"Scale":0,"Collation":"utf8mb4_0900_bin","Explicit":false}]}', s) END;
-- MySQL has neither NaN nor infinities: what a file has of them is NULL where it is read.
CREATE MACRO mysql_no_nan(d) AS CASE WHEN isfinite(d) THEN d END;
CREATE MACRO mysql_finite_json(j) AS CASE WHEN regexp_matches(j, '(?i)(?:^|[:,\[])\s*-?(?:nan|inf)|\de\+?\d{3}') THEN CAST(array_to_string(list_transform(regexp_extract_all(j, '"(?:[^"\\]|\\.)*"|[^"]+'), lambda part: CASE WHEN starts_with(part, '"') THEN part ELSE regexp_replace(part, '(?i)-?(?:nan|inf(?:inity)?|\d[\d.]*e\+?0*(?:309|3[1-9]\d|[4-9]\d\d|[1-9]\d{3,}))\b', 'null', 'g') END), '') AS JSON) ELSE j END;
CREATE MACRO mysql_quotient(n, d) AS CASE WHEN d = 0 THEN mysql_zero(n, d) ELSE ((2 * abs(n) + abs(d)) // (2 * abs(d))) * CAST(sign(n) AS HUGEINT) * CAST(sign(d) AS HUGEINT) END;
CREATE MACRO mysql_cut_quotient(n, d) AS CASE WHEN d = 0 THEN mysql_zero(n, d) ELSE (abs(n) // abs(d)) * CAST(sign(n) AS HUGEINT) * CAST(sign(d) AS HUGEINT) END;
CREATE MACRO mysql_div(a, b) AS CASE WHEN b = 0 THEN mysql_zero(a, b) ELSE CAST(trunc(CAST(a AS DECIMAL(38,10)) / b) AS BIGINT) END;
CREATE MACRO mysql_div_integer(a, b) AS CASE WHEN b = 0 THEN mysql_zero(a, b) ELSE CAST((CAST(abs(CAST(a AS HUGEINT)) AS HUGEINT) // CAST(abs(CAST(b AS HUGEINT)) AS HUGEINT)) * CAST(sign(a) AS HUGEINT) * CAST(sign(b) AS HUGEINT) AS BIGINT) END;
CREATE MACRO mysql_div_unsigned(a, b) AS CASE WHEN b = 0 THEN mysql_zero(a, b) ELSE CAST((CAST(abs(CAST(a AS HUGEINT)) AS HUGEINT) // CAST(abs(CAST(b AS HUGEINT)) AS HUGEINT)) * CAST(sign(a) AS HUGEINT) * CAST(sign(b) AS HUGEINT) AS UBIGINT) END;
CREATE MACRO mysql_by(d, n) AS CASE WHEN d = 0 THEN mysql_zero(n, d) ELSE d END;
CREATE MACRO mysql_fmod(x, y) AS CASE WHEN y = 0 THEN NULL ELSE x - y * trunc(x / y) END;
CREATE MACRO mysql_signed(x) AS CASE WHEN x >= 9223372036854775807 THEN 9223372036854775807 WHEN x <= -9223372036854775808 THEN -9223372036854775808 ELSE TRY_CAST(x AS BIGINT) END;
CREATE MACRO mysql_signed_unsigned(x) AS CASE WHEN x > 9223372036854775807 THEN 9223372036854775807 ELSE CAST(x AS BIGINT) END;
CREATE MACRO mysql_place(x) AS CASE WHEN x > 2147483647 THEN 2147483647 WHEN x < -2147483647 THEN -2147483647 ELSE x END;
CREATE MACRO mysql_signed_exact(x) AS CASE WHEN x >= 9223372036854775807 THEN 9223372036854775807 WHEN x <= -9223372036854775808 THEN -9223372036854775808 ELSE TRY_CAST(round(x) AS BIGINT) END;
CREATE MACRO mysql_clamp(v, x, most) AS CASE WHEN v IS NOT NULL OR x IS NULL THEN v WHEN x < 0 THEN -most ELSE most END;
CREATE MACRO mysql_sqrt(x) AS CASE WHEN x < 0 THEN NULL ELSE sqrt(x) END;
CREATE MACRO mysql_ln(x) AS CASE WHEN x <= 0 THEN mysql_no_logarithm(x) ELSE ln(x) END;
CREATE MACRO mysql_log2(x) AS CASE WHEN x <= 0 THEN mysql_no_logarithm(x) ELSE ln(x) / 6.931471805599453e-1 END;
CREATE MACRO mysql_log10(x) AS CASE WHEN x <= 0 THEN mysql_no_logarithm(x) ELSE log10(x) END;
CREATE MACRO mysql_log(b, x) AS CASE WHEN x <= 0 OR b <= 0 OR b = 1 THEN mysql_no_logarithm(CASE WHEN b IS NULL THEN NULL WHEN b <= 0 THEN b WHEN x <= 0 THEN x ELSE -x END) ELSE ln(x) / ln(b) END;
CREATE MACRO mysql_asin(x) AS CASE WHEN abs(x) > 1 THEN NULL ELSE asin(x) END;
CREATE MACRO mysql_acos(x) AS CASE WHEN abs(x) > 1 THEN NULL ELSE acos(x) END;
CREATE MACRO mysql_round_decimal(x, n) AS CASE WHEN n IS NULL THEN NULL ELSE round(x, CAST(n AS INTEGER)) END;
CREATE MACRO mysql_cut(x, unit) AS x - x % unit;
CREATE MACRO mysql_round_integer(x, n) AS CASE WHEN n IS NULL THEN NULL WHEN n >= 0 THEN x WHEN n < -19 THEN 0 ELSE CAST(mysql_quotient(CAST(x AS HUGEINT), CAST(pow(10, -n) AS HUGEINT)) * CAST(pow(10, -n) AS HUGEINT) AS BIGINT) END;
CREATE MACRO mysql_round_unsigned(x, n) AS CASE WHEN n IS NULL THEN NULL WHEN n >= 0 THEN x WHEN n < -19 THEN 0 ELSE CAST(mysql_quotient(CAST(x AS HUGEINT), CAST(pow(10, -n) AS HUGEINT)) * CAST(pow(10, -n) AS HUGEINT) AS UBIGINT) END;
CREATE MACRO mysql_hex(n) AS printf('%X', mysql_unsigned(n));

-- What a double would lose of a number's digits.
CREATE MACRO number_digits(s) AS rtrim(ltrim(replace(split_part(lower(s), 'e', 1), '.', ''), '-+0'), '0');
CREATE MACRO number_loses(s) AS number_digits(s) <> number_digits(CAST(TRY_CAST(s AS DOUBLE) AS VARCHAR));

-- What the footer of a Parquet file says of a column of bytes.
CREATE MACRO parquet_utf8(b) AS TRY(decode(b));
CREATE MACRO parquet_value(b) AS coalesce(parquet_utf8(b), CASE WHEN octet_length(b) > 16 THEN coalesce(parquet_utf8(b[:-2]), parquet_utf8(b[:-3]), parquet_utf8(b[:-4]), parquet_utf8(b[:-5])) END);
CREATE MACRO parquet_text(s) AS coalesce(NOT regexp_matches(parquet_value(TRY_CAST(s AS BLOB)), '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]'), false);

-- Text.
CREATE MACRO mysql_repeat(s, n) AS CASE WHEN s IS NULL OR n IS NULL THEN NULL WHEN n <= 0 THEN '' WHEN n * strlen(s) > 16777216 THEN NULL ELSE repeat(s, n) END;
CREATE MACRO mysql_substring_from(s, p) AS CASE WHEN p = 0 OR -p > length(s) THEN CASE WHEN s IS NOT NULL THEN '' END WHEN p IS NULL THEN NULL ELSE substring(s, p) END;
CREATE MACRO mysql_substring(s, p, n) AS CASE WHEN s IS NULL OR p IS NULL OR n IS NULL THEN NULL WHEN p = 0 OR n <= 0 OR -p > length(s) THEN '' ELSE substring(s, CASE WHEN p < 0 THEN length(s) + p + 1 ELSE p END, n) END;
CREATE MACRO mysql_replace(s, a, b) AS CASE WHEN a = '' AND b IS NOT NULL THEN s ELSE replace(s, a, b) END;
CREATE MACRO mysql_lpad(s, n, p) AS CASE WHEN s IS NULL OR n IS NULL OR p IS NULL OR n < 0 OR n > 16777216 THEN NULL WHEN n <= length(s) THEN left(s, n) WHEN p = '' THEN '' ELSE lpad(s, CAST(n AS INTEGER), p) END;
CREATE MACRO mysql_rpad(s, n, p) AS CASE WHEN s IS NULL OR n IS NULL OR p IS NULL OR n < 0 OR n > 16777216 THEN NULL WHEN n <= length(s) THEN left(s, n) WHEN p = '' THEN '' ELSE rpad(s, CAST(n AS INTEGER), p) END;
CREATE MACRO mysql_substring_index(s, d, n) AS CASE WHEN s IS NULL OR d IS NULL OR n IS NULL THEN NULL WHEN n = 0 OR d = '' THEN '' WHEN n > 0 THEN array_to_string(list_slice(string_split(s, d), 1, n), d) ELSE array_to_string(list_slice(string_split(s, d), greatest(1, len(string_split(s, d)) + n + 1), len(string_split(s, d))), d) END;
CREATE MACRO mysql_trim_leading(s, w) AS CASE WHEN s IS NULL OR w IS NULL THEN NULL WHEN w = '' THEN s ELSE regexp_replace(s, '^(' || regexp_escape(w) || ')+', '') END;
CREATE MACRO mysql_trim_trailing(s, w) AS CASE WHEN s IS NULL OR w IS NULL THEN NULL WHEN w = '' THEN s ELSE regexp_replace(s, '(' || regexp_escape(w) || ')+$', '') END;
CREATE MACRO mysql_find_in_set(s, l) AS CASE WHEN s IS NULL OR l IS NULL THEN NULL WHEN l = '' THEN 0 ELSE coalesce(list_position(string_split(l, ','), s), 0) END;
CREATE MACRO mysql_locate(p, s, n) AS CASE WHEN p IS NULL OR s IS NULL OR n IS NULL THEN NULL WHEN n < 1 OR n > length(s) + 1 THEN 0 WHEN instr(substring(s, n), p) = 0 THEN 0 ELSE instr(substring(s, n), p) + n - 1 END;
CREATE MACRO mysql_ascii(s) AS CASE WHEN s = '' THEN 0 ELSE CAST(('0x' || left(hex(encode(s)), 2)) AS BIGINT) END;
CREATE MACRO mysql_ord(s) AS CASE WHEN s = '' THEN 0 ELSE CAST(('0x' || hex(encode(left(s, 1)))) AS BIGINT) END;
CREATE MACRO mysql_unhex(s) AS CASE WHEN regexp_full_match(s, '[0-9a-fA-F]*') THEN unhex(CASE WHEN length(s) % 2 = 1 THEN '0' || s ELSE s END) END;
CREATE MACRO mysql_unmarked(j) AS translate(CAST(j AS VARCHAR), chr(1) || chr(2) || chr(3) || chr(4) || chr(5), '');
CREATE MACRO mysql_json_text(j) AS mysql_unmarked(mysql_eval_text('{"Text":"JSON_EXTRACT(i0, ''$'')","Inputs":[{"Name":"i0","Type":10,"Scale":0}]}', j));
CREATE MACRO mysql_unquote(s) AS CASE WHEN s LIKE '"%"' AND json_valid(s) THEN CAST(s AS JSON) ->> '$' ELSE s END;
CREATE MACRO mysql_json_length(j) AS CASE json_type(j) WHEN 'ARRAY' THEN json_array_length(j) WHEN 'OBJECT' THEN len(json_keys(j)) ELSE CASE WHEN j IS NOT NULL THEN 1 END END;

CREATE MACRO mysql_unescaped(s) AS CASE WHEN NOT contains(s, '\') THEN s ELSE list_aggregate(list_transform(string_split(s, '\\'), lambda x: replace(replace(replace(x, '\t', chr(9)), '\n', chr(10)), '\r', chr(13))), 'string_agg', '\') END;

-- What files have that MySQL's types do not hold is NULL where it is read: dates outside the years 0 to 9999, and times of no day.
-- Nanoseconds are cut off.
CREATE MACRO mysql_known_date(d) AS CASE WHEN d BETWEEN DATE '0000-01-01' AND DATE '9999-12-31' THEN d END;
CREATE MACRO mysql_known_moment(t) AS CASE WHEN t BETWEEN TIMESTAMP '0000-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN t END;
CREATE MACRO mysql_known_instant(t) AS CASE WHEN t BETWEEN TIMESTAMPTZ '0000-01-01 00:00:00+14' AND TIMESTAMPTZ '9999-12-31 23:59:59.999999-14' THEN t END;
CREATE MACRO mysql_known_time(t) AS CASE WHEN t BETWEEN TIME '00:00:00' AND TIME '24:00:00' THEN t END;
CREATE MACRO mysql_known_time_ns(t) AS CASE WHEN t BETWEEN TIME_NS '00:00:00' AND TIME_NS '24:00:00' THEN CAST(left(CAST(t AS VARCHAR), 15) AS TIME) END;
CREATE MACRO mysql_known_moment_ns(t) AS CASE WHEN isfinite(t) THEN make_timestamp(epoch_ns(t) // 1000 - CASE WHEN epoch_ns(t) % 1000 < 0 THEN 1 ELSE 0 END) END;
-- DuckDB calls the year 0 1 BC.
CREATE MACRO mysql_date_text(d) AS CASE WHEN d < DATE '0001-01-01' THEN strftime(d, '%Y-%m-%d') ELSE CAST(d AS VARCHAR) END;
CREATE MACRO mysql_moment_field(t) AS CASE WHEN t < TIMESTAMP '0001-01-01' THEN strftime(t, '%Y-%m-%d %H:%M:%S') ELSE CAST(t AS VARCHAR) END;

-- Documents of nested values. A decimal is a text in them first, since DuckDB would make a double of it.
CREATE MACRO mysql_decimal_field(d) AS chr(6) || 'decimal ' || regexp_replace(CAST(d AS VARCHAR), '^(-?)\.', '\1' || '0.');
CREATE MACRO mysql_document(j) AS regexp_replace(CAST(mysql_finite_json(j) AS VARCHAR), '"\\u0006decimal (-?[0-9.]+)"', '\1' || chr(1), 'g');

-- Dates.
CREATE MACRO mysql_moment(s) AS TRY_CAST(mysql_eval_text('{"Text":"CAST(i0 AS DATETIME(6))","Inputs":[{"Name":"i0","Type":0,"Scale":0,"Collation":"utf8mb4_0900_bin","Explicit":false}]}', s) AS TIMESTAMP);
CREATE MACRO mysql_no_moment(t) AS CASE WHEN t IS NOT NULL THEN TRY_CAST(mysql_eval_text('{"Text":"MAKEDATE(9999, 1) + INTERVAL i0 YEAR","Inputs":[{"Name":"i0","Type":2,"Scale":0}]}', CAST(CASE WHEN t IS NULL THEN 1 ELSE 2 END AS BIGINT)) AS TIMESTAMP) END;
CREATE MACRO mysql_in_years(t) AS CASE WHEN t BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN t ELSE mysql_no_moment(t) END;
CREATE MACRO mysql_time_of(t) AS CAST(date_diff('microsecond', TIME '00:00:00', t) AS BIGINT);
CREATE MACRO mysql_round_time(t) AS sign(t) * least((abs(t) + 500000) // 1000000, 3020399) * 1000000;
CREATE MACRO mysql_time_text(t, digits) AS CASE WHEN t < 0 THEN '-' ELSE '' END || printf('%02d:%02d:%02d', abs(t) // 3600000000, abs(t) // 60000000 % 60, abs(t) // 1000000 % 60) || CASE WHEN digits > 0 THEN '.' || left(printf('%06d', abs(t) % 1000000), digits) ELSE '' END;
CREATE MACRO mysql_time_number(t) AS CAST(sign(t) AS BIGINT) * (abs(t) // 3600000000 * 10000 + abs(t) // 60000000 % 60 * 100 + abs(t) // 1000000 % 60);
CREATE MACRO mysql_time_decimal(t) AS CAST(CAST(mysql_time_number(t) AS VARCHAR) || '.' || printf('%06d', abs(t) % 1000000) AS DECIMAL(20,6));
CREATE MACRO mysql_from_unixtime(x) AS CASE WHEN x >= 0 AND x < 32536771200 THEN to_timestamp(x) END;
CREATE MACRO mysql_round_moment(t, n) AS make_timestamp(CAST(round(CAST(epoch_us(t) AS DECIMAL(25,0)) / pow(10, 6 - n)) * pow(10, 6 - n) AS BIGINT));
CREATE MACRO mysql_shown_moment(t, s, days) AS CASE WHEN days AND NOT contains(trim(s), ':') THEN strftime(t, '%Y-%m-%d') WHEN date_part('microsecond', t) % 1000000 <> 0 THEN strftime(t, '%Y-%m-%d %H:%M:%S.%f') ELSE strftime(t, '%Y-%m-%d %H:%M:%S') END;
CREATE MACRO mysql_into_month(t) AS epoch_us(t) - epoch_us(date_trunc('month', t));
CREATE MACRO mysql_calendar_months(a, b) AS (year(b) - year(a)) * 12 + month(b) - month(a);
-- DuckDB takes the last day of a month for the whole month.
CREATE MACRO mysql_months(a, b) AS CASE WHEN mysql_calendar_months(a, b) > 0 AND mysql_into_month(b) < mysql_into_month(a) THEN mysql_calendar_months(a, b) - 1 WHEN mysql_calendar_months(a, b) < 0 AND mysql_into_month(b) > mysql_into_month(a) THEN mysql_calendar_months(a, b) + 1 ELSE mysql_calendar_months(a, b) END;
CREATE MACRO mysql_date_sub(u, a, b) AS CASE u WHEN 'year' THEN mysql_months(a, b) // 12 WHEN 'quarter' THEN mysql_months(a, b) // 3 WHEN 'month' THEN mysql_months(a, b) ELSE date_sub(u, a, b) END;
CREATE MACRO mysql_makedate(y, n) AS CASE WHEN n < 1 THEN NULL ELSE make_date(y, 1, 1) + CAST(n - 1 AS INTEGER) END;
CREATE MACRO mysql_zone(z) AS CASE WHEN regexp_matches(z, '^[+-]\d\d:\d\d$') THEN NULL ELSE z END;
CREATE MACRO mysql_offset(z) AS to_minutes(CAST(left(z, 1) || '1' AS BIGINT) * (60 * CAST(substring(z, 2, 2) AS BIGINT) + CAST(substring(z, 5, 2) AS BIGINT)));
CREATE MACRO mysql_to_utc(t, z) AS CASE WHEN mysql_zone(z) IS NULL THEN t - mysql_offset(z) ELSE timezone('UTC', timezone(z, t)) END;
CREATE MACRO mysql_from_utc(t, z) AS CASE WHEN mysql_zone(z) IS NULL THEN t + mysql_offset(z) ELSE timezone(z, timezone('UTC', t)) END;
CREATE MACRO mysql_convert_tz(t, f, z) AS mysql_from_utc(mysql_to_utc(t, f), z);
