// Does governance.yaml name the archive that a command reads?
import { liesIn } from '../../clients/separate.ts';
import type { StoreConfig } from '../../config/connections.ts';
import type { Deciding } from './deciding.ts';
import { UsageError } from './exit-code.ts';

/** The act must be written where its subject comes from. `done`: such as `copied`. Throws UsageError. */
export async function requireGovernedArchive(
  from: StoreConfig,
  { config }: Pick<Deciding, 'config'>,
  done: string,
): Promise<void> {
  const own = config.archive.store;
  const isSame =
    own.kind === 'directory' && from.kind === 'directory'
      ? (await liesIn(own.path, from.path)) && (await liesIn(from.path, own.path))
      : own.kind === 's3' && from.kind === 's3' && own.bucket === from.bucket && own.prefix === from.prefix;
  if (!isSame) throw new UsageError(`governance.yaml names another archive than the one to be ${done}`);
}
