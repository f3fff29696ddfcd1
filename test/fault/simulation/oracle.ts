// Did every record that was accepted come into the archive once, in order and unchanged, and is every gap explained?
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import type { GapLine } from '../../../src/format/record.ts';
import { portableChecker } from '../../../src/verify/block-checker.ts';
import { nodeContentTools } from '../../../src/verify/node/tools.ts';
import { verifyArchive } from '../../../src/verify/verify.ts';
import { type Ledger, type LedgerCell, sameRecord } from './ledger.ts';
import { linesOf, type SealedLine } from './lines.ts';
import { isSealed, waitsForAnchor } from './settle.ts';
import type { SimWorld } from './world.ts';

export async function finalProblems(world: SimWorld): Promise<string[]> {
  const found = await memoryProblems(world);
  found.push(...world.kms.problems());
  for (const ledger of world.ledgers) {
    found.push(...ledger.problems);
    const { lines, problems } = linesOf(world, ledger.partition);
    found.push(...problems, ...lineProblems(world, ledger, lines));
  }
  found.push(...(await verifierProblems(world)));
  return found;
}

/** A batch that another writer has sealed meanwhile is noticed when it is due. */
const REST_MS_MAX = 120_000;
const POLL_MS = 500;

/** What is held for nothing never comes back: in the end fetching would pause for ever. */
async function memoryProblems(world: SimWorld): Promise<string[]> {
  const holders = () =>
    world.alive().flatMap(({ id, pipeline }) => {
      const held = pipeline?.bufferedBytes() ?? 0;
      const isAtRest = held === 0 && pipeline?.pausedForMemory !== true;
      return isAtRest ? [] : [`${id} holds ${held} bytes, and all is sealed or halted`];
    });
  // What is held for an anchor that can't be read is held for long, and that is said.
  if (world.ledgers.some(({ partition }) => waitsForAnchor(world, partition))) return [];
  const endMs = world.clock.monotonic() + REST_MS_MAX;
  while (holders().length > 0 && world.clock.monotonic() < endMs) await world.clock.advance(POLL_MS);
  return holders();
}

function lineProblems(world: SimWorld, ledger: Ledger, lines: readonly SealedLine[]): string[] {
  const found: string[] = [];
  const { partition, seals } = ledger;
  const say = (text: string) => found.push(`${partition}: ${text}`);
  const first = seals[0]?.manifest.records.firstOffset ?? 0;
  found.push(...beginningProblems(world, ledger, first));
  let next = first;
  for (const line of lines) {
    if (line.offset !== next) say(`offset ${line.offset} where ${next} follows`);
    next = line.gap === null ? line.offset + 1 : line.gap.last + 1;
    const problem = line.gap === null ? recordProblem(ledger, line) : gapProblem(ledger, line.gap);
    if (problem !== null) say(problem);
    const election = electionProblem(world, ledger, line);
    if (election !== null) say(election);
  }
  if (seals.length > 0 && next !== ledger.nextOffset)
    say(`lines end at ${next}, the head says ${ledger.nextOffset}`);
  if (lines.some(({ gap }) => gap?.reason === 'transaction')) world.count('transaction gap');
  if (ledger.replaced > 0 && !isSealed(world, partition)) world.count('replaced log refused');
  return found;
}

/** Nothing is left out at a chain's beginning but what the configuration leaves out. */
function beginningProblems(world: SimWorld, ledger: Ledger, first: number): string[] {
  const latest = world.setting.config.source.topics[0].startFrom === 'latest';
  if (ledger.replaced > 0 || (latest && !ledger.isLate)) return [];
  const missed = [...ledger.cells].filter(
    ([offset, { kind }]) => offset < first && kind === 'record' && ledger.lost.get(offset) !== 'expired',
  );
  return missed.length === 0
    ? []
    : [`${ledger.partition}: begins at ${first} and leaves out ${missed.map(([offset]) => offset)}`];
}

const cellsAt = (ledger: Ledger, offset: number): LedgerCell[] => {
  const now = ledger.cells.get(offset);
  return [...(now === undefined ? [] : [now]), ...(ledger.older.get(offset) ?? [])];
};

function recordProblem(ledger: Ledger, { offset, record, topicId }: SealedLine): string | null {
  if (record === null) return `offset ${offset} is neither record nor gap`;
  const cells = cellsAt(ledger, offset);
  if (cells.length === 0) return `offset ${offset} was never produced`;
  const cell = cells.find((one) => one.kind === 'record' && sameRecord(one.record, record));
  if (cell !== undefined) {
    const isStrange = topicId !== null && topicId !== cell.topicId;
    return isStrange ? `offset ${offset} is of ${cell.topicId}, its segment says ${topicId}` : null;
  }
  const kinds = cells.map(({ kind }) => kind);
  return `offset ${offset} holds another record than the log did (${kinds})`;
}

/** What an election took from the log may be sealed by who has not heard of it, and by nobody else. */
function electionProblem(
  world: SimWorld,
  ledger: Ledger,
  { offset, record, sequence }: SealedLine,
): string | null {
  if (record === null) return null;
  const taken = ledger.elections.find(({ lost }) => sameRecord(lost.get(offset)?.record ?? null, record));
  const seal = ledger.seals[sequence];
  if (taken === undefined || seal === undefined) return null;
  world.count('sealed what an election took');
  const process = world.processes.find(({ id }) => id === seal.process);
  const { origin, sequence: index } = seal.manifest;
  return taken.heardMs !== null && process?.scruples.knewBefore(origin, index + 1, taken.heardMs)
    ? `offset ${offset} was taken by an election that ${seal.process} knew of when it had it signed`
    : null;
}

/** A gap of a transaction covers control and aborted records; an operator's covers what is lost. */
function gapProblem(ledger: Ledger, gap: GapLine): string | null {
  const counted = { control: 0, aborted: 0 };
  for (let offset = gap.offset; offset <= gap.last; offset++) {
    const cells = cellsAt(ledger, offset);
    if (gap.reason !== 'transaction') {
      if (
        !ledger.lost.has(offset) &&
        !ledger.onceLost.has(offset) &&
        !cells.some(({ kind }) => kind === 'control' || kind === 'aborted')
      )
        return `offset ${offset} was given up (${gap.reason}), and it could be read`;
      continue;
    }
    const cell = cells.find(({ kind }) => kind === 'control' || kind === 'aborted');
    if (cell === undefined) return `offset ${offset} is called a transaction's, and is none`;
    counted[cell.kind as 'control' | 'aborted'] += 1;
  }
  if (gap.reason !== 'transaction' || ledger.replaced > 0) return null;
  return counted.control === gap.control && counted.aborted === gap.aborted
    ? null
    : `the gap at ${gap.offset} counts ${gap.control} and ${gap.aborted}, it has ${counted.control} and ${counted.aborted}`;
}

async function verifierProblems(world: SimWorld): Promise<string[]> {
  if (world.ledgers.every(({ seals }) => seals.length === 0)) return [];
  const report = await verifyArchive(world.store, {
    trusted: world.trusted,
    depth: 'content',
    nowMs: world.clock.now(),
    sha256: nodeSha256,
    checker: portableChecker(nodeContentTools),
  });
  const found: string[] = [];
  for (const { partition, findings, verdict, entries } of report.chains) {
    const ledger = world.ledgers[partition];
    const sealed = (ledger?.seals ?? []).reduce((sum, { manifest }) => sum + manifest.records.count, 0);
    const begun = (ledger?.seals.length ?? 0) > 0;
    if (verdict !== 'verified' && ledger?.squatted !== true && begun)
      found.push(`the verifier calls ${partition} ${verdict}: ${JSON.stringify(findings).slice(0, 1_000)}`);
    if (verdict === 'verified' && entries !== sealed)
      found.push(`the verifier counts ${entries} records of ${partition}, ${sealed} are sealed`);
  }
  for (const { code, severity, key } of [
    ...report.findings,
    ...report.chains.flatMap(({ findings }) => findings),
  ]) {
    if (severity === 'attempt' && key !== null && !world.puts.attacked.has(key))
      found.push(`the verifier blames somebody for ${code} at ${key}, and nobody was there`);
  }
  return found;
}
