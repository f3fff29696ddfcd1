// What does the demo print?

import { join } from 'node:path';
import { countText } from '../../../base/counted.ts';
import type { ChainReader } from '../../../read/chain-reader.ts';
import { EXIT } from '../exit-code.ts';
import { verdictText } from '../report-text.ts';
import type { Session } from '../session.ts';
import { bytesText, type Column, tableText } from '../table.ts';
import { stackStage } from './on-stack.ts';
import {
  archiveEvents,
  attackCopies,
  chainReaders,
  openForAudit,
  type ProofResult,
  proveOneEvent,
  verifyAll,
} from './run.ts';
import { demoDirectory, embeddedStage, type Stage, VKEY_FILE } from './stage.ts';

type Options = { readonly stack?: boolean; readonly dir?: string; readonly json?: boolean };

export async function runDemo(session: Session, options: Options): Promise<number> {
  const { io, output } = session;
  const say = async (...lines: string[]) => {
    if (options.json !== true) for (const line of lines) await output.write(`${line}\n`);
  };
  const heading = (text: string) => say('', output.colour('bold', text));

  const directory = await demoDirectory(options.dir);
  const stage = await (options.stack === true ? stackStage(directory, io.env) : embeddedStage(directory));
  await say(
    output.colour('bold', `Ledgerstone demo: ${countText(stage.events)} real audit events`),
    ...stage.introduction,
    `Files: ${directory}`,
  );

  await heading('1  Archive');
  const archived = await archiveEvents(io, stage);
  const opened = await openForAudit(io, stage);
  const readers = await chainReaders(opened, io.signal);
  const segments = (await Promise.all(readers.map(segmentsOf))).flat();
  const storedBytes = segments.reduce((sum, { stored }) => sum + stored, 0);
  const sizes = `${bytesText(stage.contentBytes)} as ${bytesText(storedBytes)}`;
  const seconds = archived.seconds.toFixed(1);
  await say(
    segmentTable(segments).trimEnd(),
    `${countText(archived.records)} events, ${sizes}, in ${seconds} s`,
  );

  await heading("2  Verify every byte, trusting only the archive's key");
  const report = await verifyAll(io, opened);
  const checked = report.chains.map((chain) => chain.checked);
  const total = (of: (one: (typeof checked)[number]) => number) =>
    countText(checked.reduce((sum, one) => sum + of(one), 0));
  const signatures = `${total((one) => one.signatures)} signatures`;
  const rest = `${total((one) => one.lines)} lines, ${total((one) => one.locks)} locks`;
  await say(`${verdictText(output, report.verdict)}  ${signatures}, ${rest}`);

  await heading('3  Attack copies of it');
  const attacks = [];
  for await (const attack of attackCopies(io, stage, opened)) {
    attacks.push(attack);
    const { finding } = attack;
    const where = finding.sequence === null ? '' : ` in segment ${finding.sequence}`;
    await say(attack.title, `  ${verdictText(output, attack.verdict)}: ${finding.code}${where}`);
  }

  await heading('4  Prove one event to somebody who has only the key, without a network');
  const proof = await proveOneEvent(stage, opened, readers[0]!);
  await say(
    `offset ${proof.offset}: ${proof.line.slice(0, 62)}…`,
    `  ${verdictText(output, 'verified')} by a proof of ${countText(proof.proofBytes)} bytes`,
    'the same line with one bit changed',
    `  ${verdictText(output, proof.altered.verdict)}: ${proof.altered.code}`,
  );
  if (options.json === true) {
    await output.json({
      directory,
      archive: stage.archive,
      vkey: opened.vkey,
      archived,
      segments,
      verdict: report.verdict,
      attacks,
      proof,
    });
    return EXIT.ok;
  }
  await say('', ...nextSteps(stage, proof));
  return EXIT.ok;
}

type SegmentRow = {
  readonly partition: number;
  readonly sequence: number;
  readonly records: number;
  readonly firstOffset: number;
  readonly nextOffset: number;
  readonly stored: number;
  readonly sealed: string;
};

async function segmentsOf(reader: ChainReader): Promise<SegmentRow[]> {
  const rows: SegmentRow[] = [];
  const head = await reader.headSequence();
  for (let sequence = 0; sequence <= head; sequence++) {
    const { manifest } = await reader.seal(sequence);
    const { firstOffset, nextOffset, count: records } = manifest.records;
    const stored = manifest.data?.bytes ?? 0;
    rows.push({
      partition: reader.partition,
      sequence,
      records,
      firstOffset,
      nextOffset,
      stored,
      sealed: manifest.time.sealed,
    });
  }
  return rows;
}

function segmentTable(rows: readonly SegmentRow[]): string {
  const columns: Column[] = [
    { title: 'partition', align: 'right' },
    { title: 'segment', align: 'right' },
    { title: 'events', align: 'right' },
    { title: 'offsets' },
    { title: 'stored', align: 'right' },
    { title: 'sealed' },
  ];
  return tableText(
    columns,
    rows.map((row) => [
      String(row.partition),
      String(row.sequence),
      countText(row.records),
      row.records === 0 ? `from ${row.firstOffset}` : `${row.firstOffset}-${row.nextOffset - 1}`,
      row.stored === 0 ? '-' : bytesText(row.stored),
      row.sealed,
    ]),
  );
}

/** Three commands that can be run as they are, and what to do next. */
function nextSteps(stage: Stage, proof: ProofResult): string[] {
  const chain = `--topic ${stage.topic} --partition ${proof.partition}`;
  const archive = `${quoted(stage.archive)}${stage.archiveOptions}`;
  const key = quoted(join(stage.directory, VKEY_FILE));
  return [
    'Try next:',
    ...stage.environment.map((line) => `  ${line}`),
    `  npx ledgerstone verify ${archive} --key ${key}`,
    `  npx ledgerstone get ${archive} ${chain} --from ${proof.offset} --to ${proof.offset}`,
    `  npx ledgerstone check ${quoted(proof.proofFile)} --entry ${quoted(proof.entryFile)} --key ${key}`,
    '',
    stage.nextStep,
  ];
}

/** Quoted if a shell would not take it as one word. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
