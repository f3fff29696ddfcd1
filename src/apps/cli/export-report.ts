// What does `ledgerstone export` say at the end?
import { counted } from '../../base/counted.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { fingerprintDigits } from '../../evidence/fingerprint.ts';
import type { PackageSigner } from '../../evidence/package.ts';
import { type CosignerKey, labelOf } from '../../format/cosignature.ts';
import type { ExportAct } from './export-act.ts';
import type { Exported } from './export-run.ts';
import type { Session } from './session.ts';

type Keys = { readonly signer: PackageSigner | null; readonly cosigners: readonly CosignerKey[] };

/** `acts`: null where none was asked for. */
export async function exportReport(
  { output }: Session,
  { packages, events, gapLines, conclusion, stamps, log }: Exported,
  { signer, cosigners }: Keys,
  acts: readonly ExportAct[] | null,
  json: boolean,
): Promise<void> {
  const digits = (key: CosignerKey['key']) => fingerprintDigits(key, nodeSha256);
  if (json) {
    await output.json({
      ...{ packages: packages.map(({ name }) => name), digests: packages.map(({ digest }) => digest) },
      ...{ events, gapLines, conclusion, stamps, acts: acts?.map(({ id }) => id) ?? null },
      keys: log.map(({ name, key }) => ({ name, digits: digits(key) })),
      cosigners: cosigners.map(({ name, key }) => ({ name, digits: digits(key) })),
      signer: signer === null ? null : { digits: digits(signer.publicKey) },
    });
    return;
  }
  const gaps = gapLines === 0 ? '' : ` and ${counted(gapLines, 'gap line')}`;
  await output.line(
    printable(`${counted(events, 'event')}${gaps} in ${packages.map(({ name }) => name).join(', ')}`),
  );
  if (conclusion !== null) await output.line(printable(conclusion));
  for (const [index, { id, isNew }] of (acts ?? []).entries()) {
    const of = acts!.length === 1 ? '' : `${packages[index]!.name}: `;
    await output.line(printable(`${of}recorded as the act ${id.slice(0, 8)}${isNew ? '' : ', before'}`));
  }
  if (stamps > 0)
    output.note(
      `with the time-stamp of ${counted(stamps, 'checkpoint')}: \`verify-package --tsa-root\` shows by when it existed`,
    );
  for (const { name, key } of log) output.note(printable(`key of ${name}: ${digits(key)}`));
  for (const cosigner of cosigners)
    output.note(printable(`key of the second party ${labelOf(cosigner)}: ${digits(cosigner.key)}`));
  output.note(
    signer === null
      ? 'the list of files is not signed: --sign-key or --sign-kms does that'
      : `key of the list of files: ${digits(signer.publicKey)}`,
  );
  output.note('who gets the package compares these numbers with you, by telephone');
}
