// Are the files of a package those that its manifest lists, and if not, what happened to them?
import { toHex } from '../base/bytes.ts';
import type { Sha256 } from '../base/hash.ts';
import type { Findings } from './finding.ts';
import { type ListedFile, PATHS } from './package.ts';
import { repaired } from './repair.ts';

/** The content of each file by its path, with `/` between folders. */
export type PackageFiles = ReadonlyMap<string, Uint8Array>;

export type ListedContent = {
  /**
   * Of each listed file as it was exported, as far as that can be had: of one changed beyond repair its
   * content as it is, so that the check of the events can say more.
   */
  readonly content: ReadonlyMap<string, Uint8Array>;
  /**
   * Listed files that are missing, or changed beyond repair. What does not fit because of them has no fault
   * of its own. Of a changed one nothing was said yet: who can name the change says it.
   */
  readonly faulty: ReadonlySet<string>;
};

export function listedContent(
  files: PackageFiles,
  listed: readonly ListedFile[],
  sha256: Sha256,
  findings: Findings,
): ListedContent {
  const hashes = new Map<string, string>();
  const pathOf = new Map<string, string>();
  for (const [path, bytes] of files) {
    const hash = toHex(sha256(bytes));
    hashes.set(path, hash);
    if (!pathOf.has(hash)) pathOf.set(hash, path);
  }
  const content = new Map<string, Uint8Array>();
  const faulty = new Set<string>();
  const used = new Set<string>([PATHS.manifest]);
  for (const { path, sha256: wanted } of listed) {
    const bytes = files.get(path);
    used.add(path);
    const elsewhere = pathOf.get(wanted);
    if (bytes !== undefined && hashes.get(path) === wanted) content.set(path, bytes);
    else if (elsewhere !== undefined) {
      used.add(elsewhere);
      findings.add(bytes === undefined ? 'renamed' : 'swapped', { path, other: elsewhere });
      content.set(path, files.get(elsewhere) as Uint8Array);
    } else if (bytes === undefined) {
      faulty.add(path);
      findings.add('file-missing', { path });
    } else {
      const repair = repaired(bytes, path, wanted, sha256);
      if (repair === null) faulty.add(path);
      else findings.add(repair.kind, { path });
      content.set(path, repair?.bytes ?? bytes);
    }
  }
  for (const path of files.keys()) if (!used.has(path)) findings.add('file-extra', { path });
  return { content, faulty };
}
