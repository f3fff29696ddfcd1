// Which SQL makes DuckDB read every line of an archive?
import { unproven } from './bounds.ts';
import { ENTRY_HEAD, GAP_LINE } from './line-pattern.ts';
import { literal, type SqlLocation } from './location.ts';

/** A script for one session. All that it makes is temporary: run again, it sees how the archive has grown. */
export function duckdbSql(location: SqlLocation): string {
  const more = [
    'For DuckDB 2.0. Run it at the start of a session, and again when the archive has grown: duckdb -init archive.sql',
    'If no segment with lines is there, it fails: "read_csv" cannot take NULL list as parameter.',
  ];
  const parts = [
    unproven('DuckDB', location, more),
    ...(location.kind === 's3' ? [secret(location)] : []),
    segments(location.root),
    files(location.root),
    LINES,
    RECORDS,
    GAPS,
    MISSING,
    CHECK,
    FIELD,
  ];
  return `${parts.join('\n\n')}\n`;
}

function secret({ bucket, region, endpoint }: Extract<SqlLocation, { readonly kind: 's3' }>): string {
  const parts = ['TYPE s3', 'PROVIDER credential_chain', `REGION ${literal(region)}`];
  if (endpoint !== undefined) {
    const { host, protocol } = new URL(endpoint);
    parts.push(`ENDPOINT ${literal(host)}`, `USE_SSL ${protocol === 'https:'}`, `URL_STYLE 'path'`);
  }
  parts.push(`SCOPE ${literal(`s3://${bucket}/`)}`);
  return `-- Who you are in AWS: by the usual chain of environment, profile and role.
INSTALL httpfs; LOAD httpfs; INSTALL aws; LOAD aws;
CREATE OR REPLACE TEMPORARY SECRET ledgerstone (${parts.join(', ')});`;
}

/** Of files that are to be read by their own name, whatever characters it has. */
const escapedPattern = (path: string): string => path.replace(/[*?[\]\\]/g, (one) => `[${one}]`);

const SEAL_FILES = `seals/topic=*/partition=*/${'[0-9]'.repeat(12)}.tlog-proof`;
const DATA_FILES = 'data/topic=*/partition=*/date=*/*';
const MANIFEST = String.raw`^c2sp\.org/tlog-proof@v1\nextra ([A-Za-z0-9+/=]+)\n`;

const segments = (root: string): string => `-- One row for each seal: what it states of its segment.
CREATE OR REPLACE TEMP VIEW ledgerstone_segments AS
WITH seals AS (
  SELECT filename, decode(from_base64(regexp_extract(content, ${literal(MANIFEST)}, 1)))::JSON AS manifest
  FROM read_text(${literal(escapedPattern(root) + SEAL_FILES)})
)
SELECT
  regexp_extract(filename, 'topic=([^/]+)/partition=[0-9]+/[^/]*$', 1) AS "topic",
  regexp_extract(filename, 'topic=[^/]+/partition=([0-9]+)/[^/]*$', 1)::BIGINT AS "partition",
  (manifest->>'$.sequence')::BIGINT AS "segment",
  (manifest->>'$.time.sealed')::TIMESTAMPTZ AS "sealed",
  (manifest->>'$.records.firstOffset')::BIGINT AS "first_offset",
  (manifest->>'$.records.nextOffset')::BIGINT AS "next_offset",
  (manifest->>'$.records.count')::BIGINT AS "records",
  (manifest->>'$.entries.size')::BIGINT AS "lines",
  manifest->>'$.source.topic' AS "source_topic",
  manifest->>'$.format' AS "format",
  ${literal(root)} || (manifest->>'$.data.key') AS "data_file",
  filename AS "seal_file"
FROM seals;`;

const files = (
  root: string,
): string => `-- The data objects that seals name and that are there. What else lies there is no part of the archive.
SET VARIABLE ledgerstone_files = (
  SELECT list(DISTINCT "data_file") FROM ledgerstone_segments
  WHERE "data_file" IN (SELECT file FROM glob(${literal(escapedPattern(root) + DATA_FILES)}))
);`;

/** No line can hold the delimiter: JSON has no such byte, nor has UTF-8 within a character. */
const LINES = String.raw`-- Every line as one text, whatever it holds: no columns, quotes or types that could be guessed wrongly.
CREATE OR REPLACE TEMP VIEW ledgerstone_lines AS
WITH read AS (
  SELECT "line", filename, regexp_extract("line", ${literal(ENTRY_HEAD)}, 0) AS "head"
  FROM read_csv(getvariable('ledgerstone_files'), columns = {'line': 'VARCHAR'}, auto_detect = false,
    header = false, delim = chr(1), quote = '', escape = '', comment = '', new_line = '\n', compression = 'auto',
    max_line_size = 67108864, buffer_size = 134217728, filename = true, hive_partitioning = false)
), cut AS (
  SELECT *, CASE WHEN "head" <> '' THEN substr("line", length("head") + 1) END AS "rest" FROM read
)
SELECT
  regexp_extract(filename, 'topic=([^/]+)/partition=[0-9]+/date=[^/]+/[^/]*$', 1) AS "topic",
  regexp_extract(filename, 'topic=[^/]+/partition=([0-9]+)/date=[^/]+/[^/]*$', 1)::BIGINT AS "partition",
  regexp_extract(filename, 'date=([^/]+)/[^/]*$', 1)::DATE AS "date",
  regexp_extract(filename, '([0-9]{12})-[^/]*$', 1)::BIGINT AS "segment",
  CASE
    WHEN "rest" = '}' THEN 'record'
    WHEN regexp_matches("rest", '^,"(?:value":.|(?:text|base64)":")') AND ends_with("rest", '}') THEN 'record'
    WHEN regexp_full_match("line", ${literal(GAP_LINE)}) THEN 'gap'
    ELSE 'unknown'
  END AS "kind",
  TRY_CAST(regexp_extract("line", '^\{"offset":([0-9]+)', 1) AS BIGINT) AS "offset",
  "line", "head", "rest", filename AS "data_file"
FROM cut;`;

const RECORDS = String.raw`-- One row for each record. Of "value", "text" and "base64" one is there, or none: a tombstone.
CREATE OR REPLACE TEMP VIEW ledgerstone_records AS
WITH timed AS (
  SELECT *, regexp_extract("head", '^\{"offset":[0-9]+,"timestamp":(-?[0-9]+)', 1)::BIGINT AS "timestamp"
  FROM ledgerstone_lines WHERE "kind" = 'record'
)
SELECT
  "topic", "partition", "date", "segment", "offset", "timestamp",
  CASE WHEN "timestamp" BETWEEN 0 AND 253402300799999 THEN epoch_ms("timestamp") END AS "time",
  CASE WHEN regexp_matches("head", '^\{"offset":[0-9]+,"timestamp":-?[0-9]+,"timestampType"')
    THEN 'append' ELSE 'create' END AS "timestamp_type",
  json_extract_string("head" || '}', '$.key') AS "key",
  json_extract_string("head" || '}', '$.keyBase64') AS "key_base64",
  json_extract("head" || '}', '$.headers')::VARCHAR AS "headers",
  CASE WHEN starts_with("rest", ',"value":') THEN substr("rest", 10, length("rest") - 10) END AS "value",
  CASE WHEN starts_with("rest", ',"text":')
    THEN json_extract_string('[' || substr("rest", 9, length("rest") - 9) || ']', '$[0]') END AS "text",
  CASE WHEN starts_with("rest", ',"base64":') THEN substr("rest", 12, length("rest") - 13) END AS "base64",
  "line", "data_file"
FROM timed;`;

const GAPS = `-- One row for each gap line: offsets "offset" to "last" have no record.
CREATE OR REPLACE TEMP VIEW ledgerstone_gaps AS
SELECT
  "topic", "partition", "date", "segment", "offset",
  ("line"->>'$.gap.last')::BIGINT AS "last",
  "line"->>'$.gap.reason' AS "reason",
  ("line"->>'$.gap.control')::BIGINT AS "control",
  ("line"->>'$.gap.aborted')::BIGINT AS "aborted",
  "line"->>'$.gap.by' AS "by",
  "line"->>'$.gap.why' AS "why",
  "line", "data_file"
FROM ledgerstone_lines WHERE "kind" = 'gap';`;

const MISSING = `-- Segments of which not as many lines were read as their seals state. Should be empty.
CREATE OR REPLACE TEMP VIEW ledgerstone_missing AS
WITH found AS (SELECT "data_file", count(*) AS "lines_read" FROM ledgerstone_lines GROUP BY ALL)
SELECT s."topic", s."partition", s."segment", s."sealed", s."lines",
  coalesce(f."lines_read", 0) AS "lines_read", s."data_file"
FROM ledgerstone_segments s LEFT JOIN found f USING ("data_file")
WHERE s."lines" <> coalesce(f."lines_read", 0);`;

const CHECK = `-- One row for each chain. "lines_read" is what \`ledgerstone verify --json\` calls checked.lines.
CREATE OR REPLACE TEMP VIEW ledgerstone_check AS
WITH sealed AS (
  SELECT "topic", "partition", count(*) AS "segments", max("segment") + 1 - count(*) AS "seals_missing",
    sum("lines")::BIGINT AS "lines_sealed", max("sealed") AS "last_sealed"
  FROM ledgerstone_segments GROUP BY ALL
), found AS (
  SELECT "topic", "partition", count(*) AS "lines_read", count(*) FILTER ("kind" = 'unknown') AS "lines_unknown"
  FROM ledgerstone_lines GROUP BY ALL
)
SELECT s.*, coalesce("lines_read", 0) AS "lines_read", coalesce("lines_unknown", 0) AS "lines_unknown",
  "seals_missing" = 0 AND "lines_sealed" = coalesce("lines_read", 0) AND coalesce("lines_unknown", 0) = 0 AS "all_read"
FROM sealed s LEFT JOIN found USING ("topic", "partition");`;

const FIELD = `-- The text of a field, such as ledgerstone_field("value", '$.user.name'). NULL: it has none, or is no JSON.
CREATE OR REPLACE TEMP MACRO ledgerstone_field(json, path) AS TRY(json_extract_string(json, path));`;
