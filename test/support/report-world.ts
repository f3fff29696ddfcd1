// How does a test get an archive with losses, and the names and texts of people who mean no good?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GapLine } from '../../src/format/record.ts';
import { encodeVkey, type VerifierKey } from '../../src/format/vkey.ts';
import { generateLocalKey } from '../../src/sign/local-key.ts';
import { type Captured, ledgerstone } from '../unit/cli/captured-io.ts';
import { ArchiveBuilder, entries, transactionGap, writeCopy } from './archive-builder.ts';

export const HOSTILE =
  '</td></template><script>document.title=1</script><img src=https://example.com/x onerror="document.title=1">gnp"\'`&amp;';

export type ReportWorld = {
  readonly dir: string;
  at(name: string): string;
  /** Runs `ledgerstone report` with these words and the archive's key. */
  report(...args: readonly string[]): Promise<Captured>;
  remove(): void;
};

const DAY_MS = 86_400_000;
const gap = (offset: number, count: number, reason: GapLine['reason'], why: string): GapLine => ({
  offset,
  last: offset + count - 1,
  ...{ reason, by: 'J. Doe', why },
});

/** orders/0 with two losses and a compacted gap, payments/0 without any; and `whole`, an archive without losses. */
export async function reportWorld(nowMs = Date.now()): Promise<ReportWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerstone-report-'));
  const at = (name: string) => join(dir, name);
  const builder = new ArchiveBuilder();
  const orders = builder.chain();
  const sealedMs = (days: number) => ({ sealedMs: nowMs - days * DAY_MS });
  await orders.seal(sealedMs(40));
  await orders.seal({ ...sealedMs(30), lines: [...entries(0, 5), gap(5, 20, 'accepted', HOSTILE)] });
  await orders.seal({ ...sealedMs(10), lines: [transactionGap(25, 3), gap(28, 5, 'compacted', 'a, b')] });
  await orders.seal({ ...sealedMs(1), lines: [gap(33, 1, 'expired', '=HYPERLINK("x")'), ...entries(34, 1)] });
  const payments = builder.chain('payments');
  await payments.seal(sealedMs(20));
  await payments.seal({ ...sealedMs(2), lines: entries(0, 4) });
  writeCopy(builder.archive, at('archive'));
  const whole = new ArchiveBuilder();
  const calm = whole.chain();
  await calm.seal(sealedMs(20));
  await calm.seal({ ...sealedMs(2), lines: entries(0, 4) });
  writeCopy(whole.archive, at('whole'));
  writeFileSync(at('archive.vkey'), `${encodeVkey(builder.trusted[0] as VerifierKey)}\n`);
  await generateLocalKey(at('report-key.pem'), 'ed25519');
  const { createPublicKey } = await import('node:crypto');
  const { readFileSync } = await import('node:fs');
  const pem = createPublicKey(readFileSync(at('report-key.pem'))).export({ type: 'spki', format: 'pem' });
  writeFileSync(at('report.pem'), pem);
  return {
    ...{ dir, at },
    report: (...args) => ledgerstone(['report', ...args]),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
