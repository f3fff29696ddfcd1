// `ledgerstone sql`: with which SQL does an engine read every line of this archive?
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Argument, type Command } from 'commander';
import { storeFromName } from '../../clients/store-from-name.ts';
import { loadConfig } from '../../config/archiver.ts';
import type { StoreConfig } from '../../config/connections.ts';
import { duckdbSql } from '../../read/sql/duckdb.ts';
import { athenaSql, trinoSql } from '../../read/sql/hive.ts';
import { bucketLocation, directoryLocation, type SqlLocation } from '../../read/sql/location.ts';
import { UsageError } from './exit-code.ts';
import { acting, type Session } from './session.ts';

const ENGINES = { duckdb: duckdbSql, athena: athenaSql, trino: trinoSql } as const;
type Engine = keyof typeof ENGINES;

type SqlOptions = {
  readonly config?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly json?: boolean;
};

const HELP = `
Prints views: ledgerstone_records, ledgerstone_gaps, ledgerstone_lines,
ledgerstone_segments, ledgerstone_check and ledgerstone_missing. Every line of the data
objects that seals name is read as text: no engine guesses at columns, and values stay as
they were archived.

SQL verifies nothing. Run \`ledgerstone verify\` on the same archive, compare its count of
lines with ledgerstone_check, and take proofs of what matters with \`ledgerstone find\`.
Athena and Trino read s3:// alone. What is printed for them was not tested on them.

Examples:
  ledgerstone sql duckdb ./archive > archive.sql && duckdb -init archive.sql
  ledgerstone sql athena s3://acme-audit/prod --region eu-central-1
  ledgerstone sql trino --config ledgerstone.yaml
`;

export function sqlCommand(program: Command, session: Session): void {
  program
    .command('sql')
    .description('Views by which DuckDB, Athena or Trino read every line.')
    .addArgument(new Argument('<engine>', 'which program is to read').choices(Object.keys(ENGINES)))
    .argument('[archive]', 's3://bucket/prefix, or a directory')
    .option('--config <file>', 'ledgerstone.yaml: names the archive')
    .option('--region <region>', 'of the bucket; default AWS_REGION')
    .option('--endpoint <url>', 'S3-compatible server, for DuckDB; default AWS_ENDPOINT_URL_S3 or _URL')
    .option('--json', 'the SQL as one text of a JSON object')
    .addHelpText('after', HELP)
    .action(
      acting(session, async (engine: Engine, name: string | undefined, options: SqlOptions) => {
        const location = await sqlLocation(await namedStore(name, options, session.io.env));
        if (engine !== 'duckdb' && location.kind === 'directory') {
          throw new UsageError(
            `${engine} reads no directory`,
            'Give s3://bucket/prefix, such as that of a copy.',
          );
        }
        const sql = ENGINES[engine](location);
        if (options.json === true) await session.output.json({ engine, archive: location.root, sql });
        else await session.output.write(sql);
      }),
    );
}

/** Nothing of the archive is read: the views find what lies there when they are used. */
async function namedStore(
  name: string | undefined,
  options: SqlOptions,
  env: NodeJS.ProcessEnv,
): Promise<StoreConfig> {
  if ((name === undefined) === (options.config === undefined)) {
    throw new UsageError(
      name === undefined ? 'no archive named' : `both ${name} and --config name an archive`,
      'Give s3://bucket/prefix or a directory, or --config FILE.',
    );
  }
  if (name !== undefined) return storeFromName(name, options, env);
  return (await loadConfig(options.config as string, env)).archive.store;
}

async function sqlLocation(store: StoreConfig): Promise<SqlLocation> {
  if (store.kind === 's3') return bucketLocation(store);
  const path = resolve(store.path);
  if ((await stat(path).catch(() => null))?.isDirectory() === true) return directoryLocation(path);
  throw new UsageError(`there is no directory ${path}`, 'Give s3://bucket/prefix or an existing directory.');
}
