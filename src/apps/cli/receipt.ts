// `ledgerstone receipt`: was the record that a producer sent archived, by a proof and a trusted key?
import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { printable } from '../../base/printable.ts';
import { DURATION_PATTERN, durationMs } from '../../config/units.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import { checkEventProof } from '../../verify/event-proof.ts';
import { readToken } from '../http-access.ts';
import { EXIT, exitCodeOfVerdict, NotYetError, UsageError } from './exit-code.ts';
import { readTrustedKeys } from './keys.ts';
import { NewFiles, requireNoFile } from './new-files.ts';
import { repeatable } from './open-archive.ts';
import { askReceipt, type GivenReceipt, type WantedRecord } from './receipt-request.ts';
import { acting, type Session } from './session.ts';
import { ageText } from './table.ts';

type ReceiptOptions = {
  readonly key?: readonly string[];
  readonly tokenFile?: string;
  readonly wait?: number;
  readonly out?: string;
  readonly json?: boolean;
};

const HELP = `
Asks an archiver (\`receipts.serve\` of its configuration) for the proof of one record, and
checks it here: with the key that you give, and for the topic, partition and offset that
you ask for. The archiver's word is not taken for anything but that it is not there yet.

Exit codes: 0 archived: the proof holds; 1 the proof does not hold, is of another record,
or shows that the offset has no record; 2 usage; 3 no answer, or none that says it; 4 not
sealed yet (--wait asks again).

Examples:
  ledgerstone receipt http://127.0.0.1:9464 orders/0/42 --key archive.vkey --wait 2m
  ledgerstone receipt http://127.0.0.1:9464 orders/0/42 --key archive.vkey \\
      --out order-42 --json
`;

export function receiptCommand(program: Command, session: Session): void {
  program
    .command('receipt')
    .description('The proof of a record that a producer sent, from an archiver.')
    .argument('<url>', 'of the archiver, such as http://127.0.0.1:9464')
    .argument('<record>', 'TOPIC/PARTITION/OFFSET, as Kafka acknowledged it', acknowledged)
    .option('--key <key>', 'trusted verifier key, or a file of them; repeatable', repeatable)
    .option('--token-file <file>', 'file with the token that the archiver asks for (`server.auth`)')
    .option('--wait <duration>', 'how long to wait until it is sealed, such as 2m', duration)
    .option('--out <name>', 'write the proof to NAME.tlog-proof and the line to NAME.json')
    .option('--json', 'the result for programs')
    .addHelpText('after', HELP)
    .action(
      acting(session, (url: string, wanted: WantedRecord, options: ReceiptOptions) =>
        runReceipt(session, url, wanted, options),
      ),
    );
}

function acknowledged(text: string): WantedRecord {
  const [, topic, partition, offset] =
    /^([A-Za-z0-9._-]{1,249})\/([0-9]{1,10})\/([0-9]{1,16})$/.exec(text) ?? [];
  if (topic === undefined || Number(partition) >= 2 ** 31 || Number(offset) >= LIMITS.offsetMax)
    throw new InvalidArgumentError('It must be like orders/0/42.');
  return { topic, partition: Number(partition), offset: Number(offset) };
}

function duration(text: string): number {
  if (!DURATION_PATTERN.test(text))
    throw new InvalidArgumentError('It must be a duration such as 30s or 2m.');
  return durationMs(text);
}

async function runReceipt(
  session: Session,
  url: string,
  wanted: WantedRecord,
  options: ReceiptOptions,
): Promise<number> {
  const trusted = await readTrustedKeys(options.key ?? []);
  if (trusted.length === 0)
    throw new UsageError(
      'no key to check the receipt with',
      'Give the trusted key of the archive with --key.',
    );
  const { out } = options;
  const names = out === undefined ? [] : [`${out}.tlog-proof`, `${out}.json`];
  for (const name of names) await requireNoFile(name);
  const { tokenFile, wait = 0 } = options;
  const token = tokenFile === undefined ? null : await readToken(tokenFile, '--token-file');
  const given = await whenSealed(session, { url, token }, wanted, wait);
  const { code, verdict, why, isGap } = await judged(given, wanted, trusted);
  if (code === EXIT.ok || isGap) await written(names, given);
  if (options.json === true) {
    const { topic, partition, offset } = wanted;
    const { sealed, line, proof } = given;
    await session.output.json({ verdict, why, topic, partition, offset, isGap, sealed, line, proof });
  } else {
    const colour = code === EXIT.ok ? 'green' : code === EXIT.broken ? 'red' : 'yellow';
    await session.output.line(`${session.output.colour(colour, verdict)}: ${printable(why)}`);
  }
  return code;
}

async function written(names: readonly string[], { proof, line }: GivenReceipt): Promise<void> {
  if (names.length === 0) return;
  const files = new NewFiles();
  try {
    await files.write(names[0] as string, [Buffer.from(proof)]);
    await files.write(names[1] as string, [Buffer.from(`${line}\n`)]);
    await files.place(names);
  } finally {
    await files.remove();
  }
}

/** Asks again while it is not sealed, after the time that the archiver says, for so many milliseconds. */
async function whenSealed(
  { io }: Session,
  { url, token }: { readonly url: string; readonly token: string | null },
  wanted: WantedRecord,
  waitMs: number,
): Promise<GivenReceipt> {
  const endMs = systemClock.monotonic() + waitMs;
  for (;;) {
    const answer = await askReceipt(url, wanted, token, io.signal);
    if (answer.kind === 'given') return answer.receipt;
    const leftMs = endMs - systemClock.monotonic();
    if (leftMs <= 0 && answer.kind === 'busy')
      throw new LedgerstoneError('no-receipt', `the archiver has no time: ${printable(answer.why)}`, {
        ...{ disposition: 'retriable', remedy: 'Ask again later, or with a longer --wait.' },
      });
    if (leftMs <= 0 && answer.kind === 'not-yet') {
      const known = `The archiver says: ${printable(answer.why)}.`;
      const { topic, partition, offset } = wanted;
      const what = `${topic}/${partition}/${offset} is not sealed yet`;
      const error = new NotYetError('not-sealed-yet', what, known);
      if (answer.halted === null) throw waitMs === 0 ? error : error.afterWaiting(ageText(waitMs));
      throw new NotYetError(
        'not-sealed-yet',
        what,
        known,
        `Its partition is halted (${printable(answer.halted)}): waiting does not help before its operator acts.`,
      );
    }
    await systemClock.sleep(Math.min(answer.retryMs, leftMs), io.signal);
  }
}

type Judgement = {
  readonly code: number;
  readonly verdict: 'archived' | 'no record' | 'broken' | 'unverifiable';
  readonly why: string;
  readonly isGap: boolean;
};

/** A good proof of another record is no receipt for this one. */
async function judged(
  { proof, line }: GivenReceipt,
  { topic, partition, offset }: WantedRecord,
  trusted: readonly VerifierKey[],
): Promise<Judgement> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const checked = await checkEventProof({
    proof: bytes(proof),
    line: bytes(line),
    trusted,
    sha256: nodeSha256,
  });
  if (checked.verdict !== 'verified') {
    const { code, expected, found } = checked.finding;
    const parts = [code, expected && `expected ${expected}`, found && `found ${found}`].filter(Boolean);
    const { verdict } = checked;
    return { code: exitCodeOfVerdict(verdict), verdict, why: parts.join('; '), isGap: false };
  }
  const { source, time } = checked.manifest;
  const isOfTopic =
    source.kind === 'kafka' ? source.topic === topic : checked.origin.split('/').at(-2) === topic;
  if (
    !isOfTopic ||
    source.partition !== partition ||
    offset < checked.offset ||
    offset >= checked.nextOffset
  ) {
    const of = `${source.kind === 'kafka' ? source.topic : checked.origin}/${source.partition}/${checked.offset}`;
    const why = `the archiver gave a good proof of another record: ${of}`;
    return { code: EXIT.broken, verdict: 'broken', why, isGap: false };
  }
  const where = `${topic}/${partition}/${offset}`;
  if (checked.gap !== null) {
    const why = `${where} has no record, says a signed gap line: ${checked.gap}`;
    return { code: EXIT.broken, verdict: 'no record', why, isGap: true };
  }
  const why = `${where} in ${checked.origin}, sealed ${time.sealed} by the archiver's clock`;
  return { code: EXIT.ok, verdict: 'archived', why, isGap: false };
}
