// What does an import say that it did, or would do?
import { counted, countText } from '../../base/counted.ts';
import { printable } from '../../base/printable.ts';
import { timeText } from '../../format/time.ts';
import type { ImportPlan, ImportSurvey } from '../../import/survey.ts';
import type { TrailVerdict } from '../../import/trail-digests.ts';
import type { Imported } from '../../import/write-import.ts';
import { EXIT } from './exit-code.ts';
import type { ImportOptions } from './import-options.ts';
import type { Session } from './session.ts';
import { bytesText } from './table.ts';

type Outcome = {
  readonly plan: ImportPlan;
  readonly survey: ImportSurvey;
  readonly trail: TrailVerdict | null;
  readonly imported: Imported | null;
};

const timeOrNull = (ms: number | null): string | null => (ms === null ? null : timeText(ms));

export async function sayImport(
  { output }: Session,
  options: ImportOptions,
  { plan, survey, trail, imported }: Outcome,
): Promise<number> {
  const { id, files, records, undated, undatedAt, firstMs, lastMs } = survey;
  const [first, last] = [timeOrNull(firstMs), timeOrNull(lastMs)];
  if (options.json === true) {
    const listed = files.map(({ firstMs: from, lastMs: to, ...file }) => ({
      ...file,
      ...{ first: timeOrNull(from), last: timeOrNull(to) },
    }));
    const counts = { chain: plan.chain, id, records, undated, first, last, files: listed, undatedAt, trail };
    await output.json({ dryRun: imported === null, ...counts, imported });
    return EXIT.ok;
  }
  const lines = [
    ...(imported === null ? ['nothing is written; this would be archived:'] : []),
    ...files.map(
      (file) =>
        `${file.name}  ${counted(file.records, 'record')}, ${bytesText(file.bytes)}, SHA-256 ${file.sha256}`,
    ),
    `${counted(records, 'record')} in ${plan.chain}, from ${first ?? 'no time'} to ${last ?? 'no time'}`,
    `${countText(undated)} without a time${undated === 0 ? '' : ': archived too, and not found by time'}`,
    ...undatedAt.map(
      ({ file, line, text }) =>
        `  ${file}, ${options.format === 'cloudtrail' ? 'record' : 'line'} ${line}: ${text}`,
    ),
    ...(undated > undatedAt.length ? [`  and ${countText(undated - undatedAt.length)} more`] : []),
    ...trailLines(trail),
    ...(imported === null
      ? [`if that is right: --confirm ${id.slice(0, 16)}`]
      : [
          `archived at offsets ${imported.offset + 1} to ${imported.nextOffset - 1}, behind their statement`,
          'custody is attested from their sealing on; what was before is the word of whoever imported them',
        ]),
  ];
  await output.write(`${lines.map(printable).join('\n')}\n`);
  return EXIT.ok;
}

function trailLines(trail: TrailVerdict | null): string[] {
  if (trail === null) return [];
  const { digests, signed, unsigned, wrong, gaps, vouched, notVouched, altered, notImported } = trail;
  const named = (list: readonly string[], text: string) =>
    list.length === 0
      ? []
      : [
          `  ${countText(list.length)} ${text}: ${list.slice(0, 5).join(', ')}${list.length > 5 ? ', …' : ''}`,
        ];
  return [
    `CloudTrail's digests: ${signed} of ${digests} signed by the keys that you gave`,
    `  they vouch for ${counted(vouched, 'file')}`,
    ...named(wrong, 'with a wrong signature, or none that is a digest'),
    ...named(
      unsigned,
      'without a signature or key to check: the newest has its signature in the object’s metadata',
    ),
    ...named(gaps, 'that name an earlier digest which was not given'),
    ...named(altered, 'altered, by the digests'),
    ...named(notVouched, 'that no signed digest names'),
    ...(notImported > 0 ? [`  ${countText(notImported)} that they name were not imported`] : []),
  ];
}
