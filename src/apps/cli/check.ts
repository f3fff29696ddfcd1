// `ledgerstone check`: does this proof show that this line was archived under a key that I trust? No network, no archive.
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { messageOf } from '../../base/error.ts';
import { LIMITS, MIB } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { checkEventProof } from '../../verify/event-proof.ts';
import { exitCodeOfVerdict, UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';
import { repeatable } from './open-archive.ts';
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
  const proof = await readInput(session, proofFile, PROOF_BYTES_MAX);
  const line = await readInput(session, options.entry, LIMITS.lineBytesMax + 1);
  const result = await checkEventProof({ proof, line, trusted, sha256: nodeSha256 });
  const { output } = session;
  if (options.json === true) await output.json(result);
  else if (result.verdict === 'verified') {
    const { origin, offset, sequence, size } = result;
    await output.line(
      `${output.colour('green', 'verified')}: offset ${offset} is in segment ${sequence} of ${origin}, checkpoint of size ${size}`,
    );
  } else {
    const { code, expected, found } = result.finding;
    await output.line(
      `${output.colour(result.verdict === 'broken' ? 'red' : 'yellow', result.verdict)}: ${code}`,
    );
    if (expected !== null) await output.line(`  expected ${expected}`);
    if (found !== null) await output.line(`  found    ${found}`);
  }
  return exitCodeOfVerdict(result.verdict);
}

async function readInput(session: Session, file: string, bytesMax: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = file === '-' ? await buffer(session.io.stdin) : await readFile(file);
  } catch (cause) {
    throw new UsageError(`can't read ${file}: ${messageOf(cause)}`);
  }
  if (bytes.length > bytesMax)
    throw new UsageError(`${file} has ${bytes.length} bytes, more than any proof or line`);
  return bytes;
}
