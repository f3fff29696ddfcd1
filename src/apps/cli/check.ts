// `ledgerstone check`: does this proof show that this line was archived under a key that I trust? No network, no archive.
import type { Command } from 'commander';
import { LIMITS, MIB } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { checkEventProof, type EventProofCheck } from '../../verify/event-proof.ts';
import { readInput } from './bounded-input.ts';
import { exitCodeOfVerdict, UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';
import { repeatable } from './open-archive.ts';
import { printable } from './printable.ts';
import { acting, type Session } from './session.ts';

type CheckOptions = { readonly entry: string; readonly key?: readonly string[]; readonly json?: boolean };

const PROOF_BYTES_MAX = MIB;

const HELP = `
Needs the proof, the line as archived (one LF at its end is allowed) and a trusted key.
Exit code 0: verified; 1: the proof does not hold; 3: no trusted key has signed it.

Examples:
  ledgerstone check event.tlog-proof --entry event.json --key archive.vkey
  ledgerstone get ./archive --topic orders --partition 0 --from 42 --to 42 |
      ledgerstone check event.tlog-proof --entry - --key archive.vkey --json
`;

export function checkCommand(program: Command, session: Session): void {
  program
    .command('check')
    .description('A proof, a line and a trusted key: no network.')
    .argument('<proof>', 'file that `ledgerstone prove` wrote')
    .requiredOption('--entry <file>', 'the line; - reads standard input')
    .option('--key <key>', 'trusted verifier key, or a file of them; repeatable', repeatable)
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(acting(session, (proof: string, options: CheckOptions) => runCheck(session, proof, options)));
}

async function runCheck(session: Session, proofFile: string, options: CheckOptions): Promise<number> {
  session.verdictOnError = true;
  if (options.key === undefined)
    throw new UsageError('no trusted key', 'Add --key KEY: a verifier key or a file of them.');
  const trusted = await readTrustedKeys(options.key);
  const { stdin } = session.io;
  const proof = await readInput(stdin, proofFile, PROOF_BYTES_MAX, 'proof');
  const line = await readInput(stdin, options.entry, LIMITS.lineBytesMax + 1, 'line');
  const result = await checkEventProof({ proof, line, trusted, sha256: nodeSha256 });
  const { output } = session;
  if (options.json === true) await output.json(result);
  else if (result.verdict === 'verified') {
    await output.line(`${output.colour('green', 'verified')}: ${provenText(result)}`);
  } else {
    const { code, expected, found } = result.finding;
    await output.line(
      `${output.colour(result.verdict === 'broken' ? 'red' : 'yellow', result.verdict)}: ${code}`,
    );
    if (expected !== null) await output.line(`  expected ${printable(expected)}`);
    if (found !== null) await output.line(`  found    ${printable(found)}`);
  }
  return exitCodeOfVerdict(result.verdict);
}

/** A gap line is as good a leaf as a record: what it proves is that there is none. */
function provenText(proven: Extract<EventProofCheck, { readonly verdict: 'verified' }>): string {
  const { origin, offset, nextOffset, gap, sequence, size } = proven;
  const place = `segment ${sequence} of ${origin}, checkpoint of size ${size}`;
  if (gap === null) return `offset ${offset} is in ${place}`;
  const last = nextOffset - 1;
  const offsets = last === offset ? `offset ${offset}` : `offsets ${offset} to ${last}`;
  return `no record, but the gap line of ${offsets} (${gap}) is in ${place}`;
}
