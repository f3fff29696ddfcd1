// `ledgerstone check`: does this proof show offline that this line was archived under a trusted key?
import type { Command } from 'commander';
import { counted } from '../../base/counted.ts';
import { FormatError } from '../../base/error.ts';
import { LIMITS, MIB } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { stampJson } from '../../evidence/stamp-texts.ts';
import { labelOf } from '../../format/cosignature.ts';
import { parseEventProof } from '../../format/event-proof.ts';
import { laterVersion } from '../../format/manifest-version.ts';
import { isQuorumMet, type Policy, type Quorum, quorumText } from '../../format/tlog-policy.ts';
import { checkEventProof, type EventProofCheck } from '../../verify/event-proof.ts';
import { isFindingCode } from '../../verify/finding.ts';
import type { StampResult } from '../../verify/stamp-proof.ts';
import { readCosigners } from './attestations-option.ts';
import { readInput } from './bounded-input.ts';
import { EXIT, exitCodeOfVerdict, UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';
import { count, repeatable } from './open-archive.ts';
import { cosignersOf, parsePolicy, quorumOf, quorumOfAll, requireDistinctKeys } from './policy.ts';
import { requireLine, requireProof } from './proof-input.ts';
import { acting, type Session } from './session.ts';
import { checkStamp, readStampFile, readTsaRoots, stampText } from './stamp-check.ts';
import { type Sighting, seenAt, type When, whenOf, whenText } from './when-text.ts';

type CheckOptions = {
  readonly entry: string;
  readonly key?: readonly string[];
  readonly cosigner?: readonly string[];
  readonly quorum?: number;
  readonly policy?: string;
  readonly stamp?: string;
  readonly tsaRoot?: readonly string[];
  readonly json?: boolean;
};

const PROOF_BYTES_MAX = MIB;

const HELP = `
Needs the proof, the line as archived (one LF at its end is allowed) and a trusted key.
Exit code 0: verified; 1: the proof does not hold; 2: a file is no proof or no line, so
there is no verdict; 3: a needed signature is missing.

Verified, it says when: stamped by the record's producer, archived, and seen by a
cosigner (with --cosigner or --policy), each by that party's own clock.

Cosigners confirm that the log has shown them the same history. With --cosigner each of
them must have signed, with --quorum N at least N cosigners: keys of one name are one,
and of keys of both kinds, ML-DSA-44 and older, it must have signed with one of each.
--policy reads the rule from a file (c2sp.org/tlog-policy).

With --stamp it says by when the checkpoint existed, according to a time-stamping
authority (RFC 3161). Its root is yours to name with --tsa-root: without it, or once the
stamp has ended, nothing is shown about time, and the exit code is 3.

Examples:
  ledgerstone check event.tlog-proof --entry event.json --key archive.vkey
  ledgerstone get ./archive --topic orders --partition 0 --from 42 --to 42 |
      ledgerstone check event.tlog-proof --entry - --key archive.vkey --json
  ledgerstone check event.tlog-proof --entry event.json --key archive.vkey
      --cosigner verifier.vkey --cosigner auditor.vkey --quorum 1
  ledgerstone check event.tlog-proof --entry event.json --policy trust.policy
  ledgerstone check event.tlog-proof --entry event.json --key archive.vkey
      --stamp event.stamp --tsa-root authority.pem
`;

export function checkCommand(program: Command, session: Session): void {
  program
    .command('check')
    .description('A proof, a line and a trusted key: no network.')
    .argument('<proof>', 'file that `ledgerstone prove` wrote')
    .requiredOption('--entry <file>', 'the line; - reads standard input')
    .option('--key <key>', 'trusted verifier key, or a file of them; repeatable', repeatable)
    .option('--cosigner <key>', 'a cosigner that must have signed too; repeatable', repeatable)
    .option('--quorum <n>', 'this many of the cosigners are enough', count)
    .option('--policy <file>', 'log keys, witnesses and their quorum, in one file')
    .option('--stamp <file>', 'the stamp that `ledgerstone prove --stamp` wrote')
    .option('--tsa-root <file>', "the authority's root certificate, in PEM; repeatable", repeatable)
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (proof: string, options: CheckOptions) => runCheck(session, proof, options)));
}

async function runCheck(session: Session, proofFile: string, options: CheckOptions): Promise<number> {
  session.verdictOnError = true;
  const { logs, quorum } = await policyOf(session, options);
  const { stdin } = session.io;
  const stamp = await stampOf(session, options);
  const proof = await readInput(stdin, proofFile, PROOF_BYTES_MAX, 'proof');
  const line = await readInput(stdin, options.entry, LIMITS.lineBytesMax + 1, 'line');
  const { manifestBytes } = requireProof(proof, proofFile);
  // What a line is in a later version, only a newer program knows.
  if (laterVersion(manifestBytes) === null) requireLine(line, options.entry);
  const checked = await checkEventProof({ proof, line, trusted: logs, sha256: nodeSha256 });
  const cosigned: Verified | Unproven =
    checked.verdict === 'verified' ? await withCosigners(checked, proof, quorum) : checked;
  const result = 'seen' in cosigned && stamp !== null ? await withStamp(cosigned, proof, stamp) : cosigned;
  const { output } = session;
  if (options.json === true) {
    const said = 'stamp' in result && result.stamp !== null ? { stamp: stampJson(result.stamp) } : {};
    await output.json('seen' in result ? { ...result, ...whenProven(result, line), ...said } : result);
  } else if ('seen' in result) {
    const by = result.cosigners.length > 0 ? `, cosigned by ${result.cosigners.join(', ')}` : '';
    await output.line(`${output.colour('green', 'verified')}: ${provenText(result)}${by}`);
    await output.line(`  ${printable(whenText(whenProven(result, line)))}`);
    if (result.stamp !== null)
      await output.line(`  ${printable(stampText(result.stamp, (stamp?.roots.length ?? 0) > 0))}`);
  } else {
    const { code, expected, found } = result.finding;
    await output.line(
      `${output.colour(result.verdict === 'broken' ? 'red' : 'yellow', result.verdict)}: ${code}`,
    );
    if (expected !== null) await output.line(`  expected ${printable(expected)}`);
    if (found !== null) await output.line(`  found    ${printable(found)}`);
  }
  if ('seen' in result && result.stamp !== null && result.stamp.kind !== 'shown') {
    output.note('--stamp: nothing about time is shown, so the exit code is 3');
    return EXIT.failed;
  }
  return exitCodeOfVerdict(result.verdict);
}

type Stamp = {
  readonly links: Awaited<ReturnType<typeof readStampFile>>;
  readonly roots: Awaited<ReturnType<typeof readTsaRoots>>;
};

/** Null: none was given. Throws UsageError. */
async function stampOf({ io }: Session, { stamp, tsaRoot = [] }: CheckOptions): Promise<Stamp | null> {
  if (stamp === undefined) {
    if (tsaRoot.length > 0)
      throw new UsageError('--tsa-root is for a stamp', 'Add --stamp FILE, or leave it out.');
    return null;
  }
  return { links: await readStampFile(io, stamp), roots: await readTsaRoots(io, tsaRoot) };
}

/** A stamp that does not hold is somebody's lie, also where the proof does. */
async function withStamp(
  verified: Verified,
  proof: Uint8Array,
  { links, roots }: Stamp,
): Promise<Verified | Unproven> {
  try {
    return { ...verified, stamp: await checkStamp(parseEventProof(proof).signed, links, roots) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const code = isFindingCode(error.code) ? error.code : 'malformed';
    const expected = "a stamp of this proof's checkpoint";
    return { verdict: 'broken', finding: { code, expected, found: error.message } };
  }
}

/** The keys of the log, and the cosigners that must have signed. Throws UsageError. */
async function policyOf({ io }: Session, options: CheckOptions): Promise<Pick<Policy, 'logs' | 'quorum'>> {
  const { key, cosigner = [], quorum, policy } = options;
  if (policy !== undefined) {
    if (cosigner.length > 0 || quorum !== undefined) {
      throw new UsageError(
        '--policy already says which cosigners are needed',
        'Leave --cosigner and --quorum out.',
      );
    }
    const text = new TextDecoder().decode(await readInput(io.stdin, policy, MIB, 'policy'));
    const parsed = parsePolicy(text, policy);
    const logs = [...parsed.logs, ...(await readTrustedKeys(key ?? []))];
    if (logs.length === 0)
      throw new UsageError(`${policy} names no log`, 'Add a line `log KEY`, or --key KEY.');
    return requireDistinctKeys({ ...parsed, logs });
  }
  if (key === undefined)
    throw new UsageError('no trusted key', 'Add --key KEY: a verifier key or a file of them.');
  const cosigners = await readCosigners(cosigner);
  const logs = await readTrustedKeys(key);
  if (quorum === undefined) return requireDistinctKeys({ logs, quorum: quorumOfAll(cosigners) });
  const distinct = requireDistinctKeys({ logs, quorum: quorumOf(cosigners, quorum) });
  const parties = new Set(cosigners.map(({ name }) => name)).size;
  if (quorum > parties || (quorum === 0 && parties > 0)) {
    throw new UsageError(
      `--quorum ${quorum} of ${counted(parties, 'cosigner')}`,
      'Name at least that many with --cosigner. Keys of one name are one cosigner.',
    );
  }
  return distinct;
}

type Unproven = Exclude<EventProofCheck, { readonly verdict: 'verified' }>;
type Verified = Extract<EventProofCheck, { readonly verdict: 'verified' }> & {
  /** Names of the wanted cosigners that have signed. */
  readonly cosigners: readonly string[];
  readonly seen: readonly Sighting[];
  /** Null: none was given. */
  readonly stamp: StampResult | null;
};

const whenProven = ({ manifest, seen }: Verified, line: Uint8Array): When =>
  whenOf(line, manifest.time.sealed, seen);

/** If too few cosigners signed, nobody knows whether the log shows everyone the same history. */
async function withCosigners(
  checked: Extract<EventProofCheck, { readonly verdict: 'verified' }>,
  proof: Uint8Array,
  quorum: Quorum,
): Promise<Verified | Unproven> {
  try {
    const signed = await cosignersOf(parseEventProof(proof).signed, quorum);
    const by = signed.map(({ key }) => key);
    if (isQuorumMet(quorum, by)) {
      const seen = signed.map(({ key, timeSeconds }) => seenAt(labelOf(key), timeSeconds));
      return { ...checked, cosigners: by.map(labelOf), seen, stamp: null };
    }
    const found = by.length === 0 ? 'none of them' : by.map(labelOf).join(', ');
    const expected = `cosigned by ${quorumText(quorum)}`;
    return { verdict: 'unverifiable', finding: { code: 'unknown-key', expected, found } };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { verdict: 'broken', finding: { code: 'bad-signature', expected: null, found: error.message } };
  }
}

/** The proof of a gap line shows that its offsets have no record. */
function provenText(proven: Extract<EventProofCheck, { readonly verdict: 'verified' }>): string {
  const { origin, offset, nextOffset, gap, sequence, size } = proven;
  const place = `segment ${sequence} of ${origin}, checkpoint of size ${size}`;
  if (gap === null) return `offset ${offset} is in ${place}`;
  const last = nextOffset - 1;
  const offsets = last === offset ? `offset ${offset}` : `offsets ${offset} to ${last}`;
  return `no record, but the gap line of ${offsets} (${gap}) is in ${place}`;
}
