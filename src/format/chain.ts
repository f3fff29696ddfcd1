// What are chains and archives called?
import { FormatError } from '../base/error.ts';

/** Origin of the archive, chain name, partition: together one chain. */
export type ChainId = { readonly archiveOrigin: string; readonly chain: string; readonly partition: number };

/** Bytes of an archive's origin: so that every manifest fits its limit. */
const ORIGIN_BYTES_MAX = 200;
const PARTITION_MAX = 2 ** 31 - 1;

/** No topic may be archived under such a name (FORMAT.md 13.1.1). */
export const isReservedName = (chain: string): boolean => chain.startsWith('ledgerstone.');
/** Of `ledgerstone drill`. */
export const CANARY_CHAIN = 'ledgerstone.drill';
/** What people decided, in its partition 0 (FORMAT.md §13). */
export const GOVERNANCE_CHAIN = 'ledgerstone.governance';

/** Chains of history that was kept elsewhere have names that begin so (FORMAT.md 3.16). */
export const IMPORT_PREFIX = 'import.';

/** `kind`: of its source. A topic of Kafka may be called so too. */
export const isImportChain = (chain: string, kind: string | undefined): boolean =>
  kind === 'file' && chain.startsWith(IMPORT_PREFIX);

/** Kafka's rule for topic names, so that a chain can always be called like its topic. */
export const isChainName = (text: string): boolean =>
  /^[A-Za-z0-9._-]{1,249}$/.test(text) && text !== '.' && text !== '..';

/** Throws FormatError. */
export function parseChainName(text: string): string {
  if (!isChainName(text)) {
    throw new FormatError(`not a chain name: ${shown(text)} (1–249 of A–Z a–z 0–9 . _ -, and not . or ..)`);
  }
  return text;
}

/**
 * Parts of letters, digits, `.`, `_` and `-`, with `/` between them: a host name and a path, without a
 * scheme.
 */
export const isOrigin = (text: string): boolean =>
  text.length <= ORIGIN_BYTES_MAX && /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(text);

export const isPartition = (value: unknown): value is number =>
  Number.isInteger(value) &&
  (value as number) >= 0 &&
  (value as number) <= PARTITION_MAX &&
  !Object.is(value, -0);

/** `O/chain/partition`. Throws FormatError when a part is not what it must be. */
export function chainOrigin(id: ChainId): string {
  if (!isOrigin(id.archiveOrigin)) throw new FormatError(`not an archive origin: ${shown(id.archiveOrigin)}`);
  if (!isPartition(id.partition)) throw new FormatError(`not a partition: ${id.partition}`);
  return `${id.archiveOrigin}/${parseChainName(id.chain)}/${id.partition}`;
}

/** The inverse. Throws FormatError. */
export function parseChainOrigin(text: string): ChainId {
  const [, archiveOrigin, chain, digits] = /^(.+)\/([^/]+)\/(\d{1,10})$/.exec(text) ?? [];
  if (archiveOrigin !== undefined && chain !== undefined && digits !== undefined) {
    const id = { archiveOrigin, chain, partition: Number(digits) };
    if (
      isOrigin(archiveOrigin) &&
      isChainName(chain) &&
      isPartition(id.partition) &&
      chainOrigin(id) === text
    )
      return id;
  }
  throw new FormatError(`not a chain's origin: ${shown(text)}`);
}

/** Of an archive's governance chain. `partition`: above 0 it goes on behind a break. Throws FormatError. */
export const governanceOrigin = (archiveOrigin: string, partition = 0): string =>
  chainOrigin({ archiveOrigin, chain: GOVERNANCE_CHAIN, partition });

const GOVERNANCE_END = new RegExp(`/${GOVERNANCE_CHAIN.replace('.', '\\.')}/(?:0|[1-9]\\d{0,9})$`);

/** Whether the text is the origin of some archive's governance chain. */
export const isGovernanceOrigin = (origin: string): boolean => GOVERNANCE_END.test(origin);

/** The archive's origin in the name of a key: of its log, or of its governance chain. */
export const archiveOfKey = (name: string): string => name.replace(GOVERNANCE_END, '');

const shown = (text: string): string => JSON.stringify(text.slice(0, 80));
