package wharf

// fileFormatRules is the options of FILE_FORMAT in canonical order. Names,
// values and which type has which are Databend's; PARSE_HEADER is
// Snowflake's.
func fileFormatRules() []optionRule {
	var (
		csv     = []FileType{CSV}
		tsv     = []FileType{TSV}
		lines   = []FileType{CSV, TSV}
		ndjson  = []FileType{NDJSON}
		parquet = []FileType{Parquet}
		others  = []FileType{Parquet, ORC, Avro}
		newline = `one character that is no letter or digit, such as '\n' or '|', or '\r\n'`
		column  = `one character that is no letter or digit, such as ',' or '\t'`
	)
	return []optionRule{
		{"FORMAT_NAME", nil, name()},
		{"TYPE", nil, fileType()},
		{"COMPRESSION", []FileType{CSV, TSV, NDJSON}, anyOf("AUTO", "NONE", "GZIP", "BZ2", "BROTLI", "ZSTD", "DEFLATE", "RAW_DEFLATE", "XZ", "ZIP")},
		{"COMPRESSION", parquet, anyOf("AUTO", "NONE", "SNAPPY", "ZSTD", "GZIP", "BROTLI", "LZ4")},
		{"RECORD_DELIMITER", lines, delimiter(newline, "\r\n")},
		{"FIELD_DELIMITER", csv, delimiter(column)},
		{"FIELD_DELIMITER", tsv, delimiter(column+", or '' for lines of one field", "")},
		{"SKIP_HEADER", lines, integer(0)},
		{"PARSE_HEADER", lines, boolean()},
		{"OUTPUT_HEADER", lines, boolean()},
		{"QUOTE", csv, exactly("'\"', '\\'' or '`'", `"`, `'`, "`")},
		{"QUOTE_STYLE", csv, anyOf("QUOTE_NOT_NULL", "QUOTE_MINIMAL")},
		{"ESCAPE", csv, exactly(`'\\', or '' for none`, `\`, "")},
		{"TRIM_SPACE", lines, boolean()},
		{"NAN_DISPLAY", lines, text()},
		{"NULL_DISPLAY", lines, text()},
		{"ALLOW_QUOTED_NULLS", csv, boolean()},
		{"ERROR_ON_COLUMN_COUNT_MISMATCH", lines, boolean()},
		{"EMPTY_FIELD_AS", lines, anyOf("NULL", "STRING", "FIELD_DEFAULT")},
		{"QUOTED_EMPTY_FIELD_AS", csv, anyOf("NULL", "STRING", "FIELD_DEFAULT")},
		{"NULL_FIELD_AS", ndjson, anyOf("NULL", "FIELD_DEFAULT")},
		{"MISSING_FIELD_AS", ndjson, anyOf("ERROR", "NULL", "FIELD_DEFAULT")},
		{"MISSING_FIELD_AS", others, anyOf("ERROR", "FIELD_DEFAULT")},
		{"NULL_IF", []FileType{NDJSON, Parquet}, textList()},
		{"USE_LOGIC_TYPE", []FileType{Parquet, Avro}, boolean()},
		{"BINARY_FORMAT", csv, anyOf("HEX", "BASE64")},
		{"ENCODING", lines, encoding()},
		{"ENCODING_ERROR_MODE", lines, anyOf("STRICT", "REPLACE")},
	}
}

// copyRules is the options of COPY_OPTIONS in canonical order.
func copyRules() []optionRule {
	return []optionRule{
		{"ON_ERROR", nil, onError()},
		{"SIZE_LIMIT", nil, integer(0)},
		{"MAX_FILES", nil, integer(0)},
		{"SPLIT_SIZE", nil, integer(0)},
		{"PURGE", nil, boolean()},
		{"FORCE", nil, boolean()},
		{"DISABLE_VARIANT_CHECK", nil, boolean()},
		{"RETURN_FAILED_ONLY", nil, boolean()},
		{"COLUMN_MATCH_MODE", nil, anyOf("CASE_SENSITIVE", "CASE_INSENSITIVE", "POSITION")},
		{"SINGLE", nil, boolean()},
		{"MAX_FILE_SIZE", nil, integer(1)},
		{"OVERWRITE", nil, boolean()},
		{"INCLUDE_QUERY_ID", nil, boolean()},
		{"USE_RAW_PATH", nil, boolean()},
		{"DETAILED_OUTPUT", nil, boolean()},
	}
}
