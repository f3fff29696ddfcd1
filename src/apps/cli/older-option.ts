// `--older STORE --older-key KEY`: which archives do chains of this one continue, and who vouches for them?
import type { Command } from 'commander';
import { storeFromName } from '../../clients/store-from-name.ts';
import type { StoreConfig } from '../../config/connections.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { ReadableStore } from '../../store/store.ts';
import type { ShownArchive } from '../../verify/shown.ts';
import { UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';
import { type ArchiveOptions, openArchiveStore } from './open-archive.ts';

/** One `--older`, with the keys that were named behind it. */
type OlderName = { readonly store: string; readonly keys: readonly string[] };

export type OlderOptions = { readonly older?: readonly OlderName[] };

export type OlderArchive = { readonly store: ReadableStore; readonly trusted: readonly VerifierKey[] };

/** Keys belong to the archive that is named before them: none counts in another one. */
export function withOlder(command: Command): Command {
  let named: readonly OlderName[] = [];
  const add = (store: string): readonly OlderName[] => {
    named = [...named, { store, keys: [] }];
    return named;
  };
  const addKey = (key: string): void => {
    const last = named.at(-1);
    if (last === undefined)
      throw new UsageError(
        `--older-key ${key} names no archive`,
        'Put it behind the --older that it is for.',
      );
    named = [...named.slice(0, -1), { ...last, keys: [...last.keys, key] }];
    command.setOptionValue('older', named);
  };
  return command
    .option(
      '--older <store>',
      'another archive that chains of this one continue: s3://bucket/prefix or a directory; repeatable',
      add,
    )
    .option(
      '--older-key <key>',
      'trusted key of the --older before it, or a file of them; repeatable',
      addKey,
    );
}

/** By default in the Region and at the endpoint of the archive. Close them at the end. */
export async function openOlder(
  { older = [], region, endpoint }: OlderOptions & Pick<ArchiveOptions, 'region' | 'endpoint'>,
  { config }: { readonly config: { readonly archive: { readonly store: StoreConfig } } | null },
  env: NodeJS.ProcessEnv,
): Promise<OlderArchive[]> {
  const keys = await Promise.all(older.map((one) => olderKeys(one)));
  const at = config?.archive.store.kind === 's3' ? config.archive.store : {};
  const place = {
    ...{ region: region ?? ('region' in at ? at.region : undefined) },
    ...{ endpoint: endpoint ?? ('endpoint' in at ? at.endpoint : undefined) },
  };
  const options = Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
  const opened: OlderArchive[] = [];
  try {
    for (const [index, { store }] of older.entries())
      opened.push({
        store: await openArchiveStore(storeFromName(store, options, env)),
        trusted: keys[index] ?? [],
      });
    return opened;
  } catch (error) {
    await closeOlder(opened);
    throw error;
  }
}

async function olderKeys({ store, keys }: OlderName): Promise<VerifierKey[]> {
  if (keys.length > 0) return readTrustedKeys(keys);
  throw new UsageError(
    `--older ${store} has no key`,
    'Name behind it, by --older-key, the key that vouches for that archive: those of this one do not.',
  );
}

/** For a search: of them no more is read than what the chains say of them. */
export const shownToSearch = (older: readonly OlderArchive[]): ShownArchive[] =>
  older.map(({ store, trusted }) => ({ name: store.description, reader: store, trusted }));

export const closeOlder = async (opened: readonly OlderArchive[]): Promise<void> => {
  await Promise.all(opened.map(({ store }) => store.close()));
};
