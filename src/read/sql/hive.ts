// Which SQL makes Athena and Trino read every line of an archive?
import { unproven } from './bounds.ts';
import { ENTRY_HEAD, GAP_LINE } from './line-pattern.ts';
import { hiveLiteral, literal, type SqlLocation } from './location.ts';

/** For the Hive connector of Trino: catalog `hive`, schema `ledgerstone`. */
export function trinoSql(location: SqlLocation): string {
  const tables = ['seals', 'data'].map((folder) => {
    const table = `ledgerstone_raw_${folder}`;
    return `CREATE TABLE hive.ledgerstone.${table} ("line" varchar, ${columns(folder, '"', 'integer', 'varchar')})
WITH (format = 'TEXTFILE', textfile_field_separator = U&'\\0001',
  external_location = ${literal(`${location.root}${folder}/`)},
  partitioned_by = ARRAY[${partitions(folder).map(literal).join(', ')}]);
CALL hive.system.sync_partition_metadata('ledgerstone', '${table}', 'FULL');`;
  });
  const more = [
    'For Trino with a Hive catalog `hive`, or with the name of yours instead. Not tested on a Trino yet: look at',
    'ledgerstone_check first. Call sync_partition_metadata again when the archive has grown: Trino sees no new days',
    'by itself. A table that exists: drop it first. The archive stays, since the tables are external.',
  ];
  return script(unproven('Trino', location, more), [
    `CREATE SCHEMA IF NOT EXISTS hive.ledgerstone;\nUSE hive.ledgerstone;`,
    ...tables,
    ...views(location.root),
  ]);
}

export function athenaSql(location: SqlLocation): string {
  const tables = ['seals', 'data'].map(
    (folder) => `CREATE EXTERNAL TABLE ledgerstone_raw_${folder} (\`line\` string)
PARTITIONED BY (${columns(folder, '`', 'int', 'string')})
ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001'
STORED AS TEXTFILE
LOCATION ${hiveLiteral(`${location.root}${folder}/`)};

MSCK REPAIR TABLE ledgerstone_raw_${folder};`,
  );
  const more = [
    'For Amazon Athena, engine 3. It runs one statement at a time. Not tested on Athena yet: look at',
    'ledgerstone_check first. Run MSCK REPAIR TABLE again when the archive has grown: Athena sees no new days by',
    'itself. AWS states a limit of 32 MB for a row, and a line can have 63 MiB. A table that exists: drop it first.',
    'The archive stays, since the tables are external.',
  ];
  return script(unproven('Amazon Athena', location, more), [...tables, ...views(location.root)]);
}

const script = (head: string, parts: readonly string[]): string => `${[head, ...parts].join('\n\n')}\n`;

const partitions = (folder: string): string[] =>
  folder === 'data' ? ['topic', 'partition', 'date'] : ['topic', 'partition'];

const columns = (folder: string, quote: string, integer: string, text: string): string =>
  partitions(folder)
    .map((name) => `${quote}${name}${quote} ${name === 'partition' ? integer : text}`)
    .join(', ');

const manifest = (path: string, type?: string): string => {
  const text = `json_extract_scalar("manifest", '$.${path}')`;
  return type === undefined ? text : `CAST(${text} AS ${type})`;
};

const views = (root: string): string[] => [
  `-- One row for each seal: what it states of its segment.
CREATE OR REPLACE VIEW ledgerstone_segments AS
WITH seals AS (
  SELECT "topic", "partition", "$path" AS "seal_file", from_utf8(from_base64(substr("line", 7))) AS "manifest"
  FROM ledgerstone_raw_seals
  WHERE starts_with("line", 'extra ') AND regexp_like("$path", '/[0-9]{12}\\.tlog-proof$')
)
SELECT
  "topic", "partition",
  ${manifest('sequence', 'bigint')} AS "segment",
  from_iso8601_timestamp(${manifest('time.sealed')}) AS "sealed",
  ${manifest('records.firstOffset', 'bigint')} AS "first_offset",
  ${manifest('records.nextOffset', 'bigint')} AS "next_offset",
  ${manifest('records.count', 'bigint')} AS "records",
  ${manifest('entries.size', 'bigint')} AS "lines",
  ${manifest('source.topic')} AS "source_topic",
  ${manifest('format')} AS "format",
  ${literal(root)} || ${manifest('data.key')} AS "data_file",
  "seal_file"
FROM seals;`,
  LINES,
  RECORDS,
  GAPS,
  MISSING,
  CHECK,
];

const LINES = String.raw`-- Every line of the data objects that seals name. What else lies there is not in the archive.
CREATE OR REPLACE VIEW ledgerstone_lines AS
WITH raw AS (
  SELECT "topic", "partition", "date", "line", "$path" AS "data_file",
    coalesce(regexp_extract("line", ${literal(ENTRY_HEAD)}), '') AS "head"
  FROM ledgerstone_raw_data
), named AS (
  SELECT DISTINCT "data_file" FROM ledgerstone_segments WHERE "data_file" IS NOT NULL
), cut AS (
  SELECT raw.*, CASE WHEN "head" <> '' THEN substr("line", length("head") + 1) END AS "rest"
  FROM raw JOIN named ON raw."data_file" = named."data_file"
)
SELECT
  "topic", "partition", "date",
  CAST(regexp_extract("data_file", '([0-9]{12})-[^/]*$', 1) AS bigint) AS "segment",
  CASE
    WHEN "rest" = '}' THEN 'record'
    WHEN regexp_like("rest", '^,"(?:value":.|(?:text|base64)":")') AND substr("rest", -1) = '}' THEN 'record'
    WHEN regexp_like("line", ${literal(GAP_LINE)}) THEN 'gap'
    ELSE 'unknown'
  END AS "kind",
  TRY_CAST(regexp_extract("line", '^\{"offset":([0-9]+)', 1) AS bigint) AS "offset",
  "line", "head", "rest", "data_file"
FROM cut;`;

const RECORDS = String.raw`-- One row for each record. Of "value", "text" and "base64" one is there, or none: a tombstone.
CREATE OR REPLACE VIEW ledgerstone_records AS
WITH timed AS (
  SELECT "topic", "partition", "date", "segment", "offset", "line", "head", "rest", "data_file",
    CAST(regexp_extract("head", '^\{"offset":[0-9]+,"timestamp":(-?[0-9]+)', 1) AS bigint) AS "timestamp"
  FROM ledgerstone_lines WHERE "kind" = 'record'
)
SELECT
  "topic", "partition", "date", "segment", "offset", "timestamp",
  CASE WHEN "timestamp" BETWEEN 0 AND 253402300799999
    THEN date_add('millisecond', "timestamp", TIMESTAMP '1970-01-01 00:00:00.000') END AS "time",
  CASE WHEN regexp_like("head", '^\{"offset":[0-9]+,"timestamp":-?[0-9]+,"timestampType"')
    THEN 'append' ELSE 'create' END AS "timestamp_type",
  json_extract_scalar("head" || '}', '$.key') AS "key",
  json_extract_scalar("head" || '}', '$.keyBase64') AS "key_base64",
  json_format(json_extract("head" || '}', '$.headers')) AS "headers",
  CASE WHEN starts_with("rest", ',"value":') THEN substr("rest", 10, length("rest") - 10) END AS "value",
  CASE WHEN starts_with("rest", ',"text":')
    THEN json_extract_scalar('[' || substr("rest", 9, length("rest") - 9) || ']', '$[0]') END AS "text",
  CASE WHEN starts_with("rest", ',"base64":') THEN substr("rest", 12, length("rest") - 13) END AS "base64",
  "line", "data_file"
FROM timed;`;

const GAPS = `-- One row for each gap line: offsets "offset" to "last" have no record.
CREATE OR REPLACE VIEW ledgerstone_gaps AS
SELECT
  "topic", "partition", "date", "segment", "offset",
  CAST(json_extract_scalar("line", '$.gap.last') AS bigint) AS "last",
  json_extract_scalar("line", '$.gap.reason') AS "reason",
  CAST(json_extract_scalar("line", '$.gap.control') AS bigint) AS "control",
  CAST(json_extract_scalar("line", '$.gap.aborted') AS bigint) AS "aborted",
  json_extract_scalar("line", '$.gap.by') AS "by",
  json_extract_scalar("line", '$.gap.why') AS "why",
  "line", "data_file"
FROM ledgerstone_lines WHERE "kind" = 'gap';`;

const MISSING = `-- Segments of which not as many lines were read as their seals state. Should be empty.
CREATE OR REPLACE VIEW ledgerstone_missing AS
WITH found AS (SELECT "data_file", count(*) AS "lines_read" FROM ledgerstone_lines GROUP BY "data_file")
SELECT s."topic", s."partition", s."segment", s."sealed", s."lines",
  coalesce(f."lines_read", 0) AS "lines_read", s."data_file"
FROM ledgerstone_segments s LEFT JOIN found f ON s."data_file" = f."data_file"
WHERE s."lines" <> coalesce(f."lines_read", 0);`;

const CHECK = `-- One row for each chain. "lines_read" is what \`ledgerstone verify --json\` calls checked.lines.
CREATE OR REPLACE VIEW ledgerstone_check AS
WITH sealed AS (
  SELECT "topic", "partition", count(*) AS "segments", max("segment") + 1 - count(*) AS "seals_missing",
    sum("lines") AS "lines_sealed", max("sealed") AS "last_sealed"
  FROM ledgerstone_segments GROUP BY "topic", "partition"
), found AS (
  SELECT "topic", "partition", count(*) AS "lines_read", count_if("kind" = 'unknown') AS "lines_unknown"
  FROM ledgerstone_lines GROUP BY "topic", "partition"
)
SELECT s.*, coalesce(f."lines_read", 0) AS "lines_read", coalesce(f."lines_unknown", 0) AS "lines_unknown",
  s."seals_missing" = 0 AND s."lines_sealed" = coalesce(f."lines_read", 0)
    AND coalesce(f."lines_unknown", 0) = 0 AS "all_read"
FROM sealed s LEFT JOIN found f ON s."topic" = f."topic" AND s."partition" = f."partition";`;
