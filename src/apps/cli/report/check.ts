// `ledgerstone report check`: is this page the report that somebody signed?
import { nodeSha256 } from '../../../base/node/hash.ts';
import { printable } from '../../../base/printable.ts';
import { verifySignature } from '../../../base/signature.ts';
import { VERSION } from '../../../base/version.ts';
import { fingerprintDigits } from '../../../evidence/fingerprint.ts';
import { checkReport } from '../../../evidence/report/check-report.ts';
import { readInput } from '../bounded-input.ts';
import { EXIT } from '../exit-code.ts';
import type { Session } from '../session.ts';
import { readSigners } from '../signer-keys.ts';

export type CheckReportOptions = { readonly signer?: readonly string[]; readonly json?: boolean };

const PAGE_BYTES_MAX = 256 * 1024 * 1024;
const CODES = { good: EXIT.ok, bad: EXIT.broken, unknown: EXIT.failed } as const;
const WORDS = { good: 'good', bad: 'not what was signed', unknown: 'unverifiable' } as const;

export async function runCheckReport(
  session: Session,
  file: string,
  options: CheckReportOptions,
): Promise<number> {
  const { io, output } = session;
  const signers = options.signer === undefined ? null : await readSigners(io.stdin, options.signer);
  const page = await readInput(io.stdin, file, PAGE_BYTES_MAX, 'report');
  const checked = await checkReport(page, {
    ...{ signers, version: VERSION, sha256: nodeSha256, verifySignature },
  });
  const { result, why, digest, signer, report } = checked;
  const digits = signer === null ? null : fingerprintDigits(signer, nodeSha256);
  if (options.json === true) {
    const verdict = report?.verdict ?? null;
    await output.json({ result, why, digest, signer: digits === null ? null : { digits }, verdict });
  } else {
    await output.line(`${WORDS[result]}: ${why}`);
    // Of a page that does not fit its data nothing is repeated.
    if (report !== null && result !== 'bad') output.note(`it says: ${printable(report.verdict.sentence)}`);
    if (digest !== null) output.note(`SHA-256 of its data: ${digest}`);
    if (digits !== null) output.note(`digits of the key that signed it: ${digits}`);
  }
  return CODES[result];
}
