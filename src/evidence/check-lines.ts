// What was done to the lines of a chain? One change is one finding, whatever else does not fit because of it.
import type { CheckedChain, CheckedEvent, CheckedLine } from './check-chain.ts';
import { wantedOf } from './check-documents.ts';
import type { Findings } from './finding.ts';
import { chainOfPath, eventsPath, PATHS, type PackageManifest } from './package.ts';
import { type Offsets, offsetsText, type PackageStatement } from './protocol.ts';

type LinesContext = {
  /** Offsets of the chain of which a proof is listed, with its path. In their order. */
  readonly proofs: readonly { readonly offset: number; readonly path: string }[];
  /** Which offsets should be here. Null: only a search knows. */
  readonly wanted: readonly Offsets[] | null;
  /** Listed files that are missing or were changed. */
  readonly faulty: ReadonlySet<string>;
  readonly findings: Findings;
};

/** Lines of which none is as it was archived, between two that are. */
type Group = {
  readonly lines: readonly CheckedLine[];
  /** What should stand there lies from the first to before the second offset. */
  readonly from: number;
  readonly before: number;
};

/** Of all chains. Whether nothing was found. */
export function checkAllLines(
  chains: readonly CheckedChain[],
  about: {
    readonly manifest: PackageManifest;
    readonly statement: PackageStatement | null;
    readonly faulty: ReadonlySet<string>;
    readonly findings: Findings;
  },
): boolean {
  const { manifest, statement, faulty, findings } = about;
  // What was asked for a changed statement does not say.
  const asked = faulty.has(PATHS.statement) ? null : statement;
  const proofs = new Map<string, { offset: number; path: string }[]>();
  for (const { path, role } of manifest.files) {
    const place = role === 'proof' ? chainOfPath(path) : null;
    if (place === null) continue;
    const key = `${place.chain}/${place.partition}`;
    const offset = Number(/(\d{16})\.tlog-proof$/.exec(path)?.[1]);
    const of = proofs.get(key) ?? [];
    of.push({ offset, path });
    proofs.set(key, of);
  }
  let isSound = true;
  for (const chain of chains) {
    const of = proofs.get(`${chain.chain}/${chain.partition}`) ?? [];
    const wanted = wantedOf(asked, chain);
    if (!checkLines(chain, { proofs: of, wanted, faulty, findings })) isSound = false;
  }
  return isSound;
}

/** Whether nothing was found. */
function checkLines(chain: CheckedChain, context: LinesContext): boolean {
  const { findings, faulty, proofs, wanted } = context;
  const path = eventsPath(chain.chain, chain.partition);
  const place = `${chain.chain}/${chain.partition}`;
  // Without the file nothing more is to be said than that it is missing.
  if (faulty.has(path) && chain.lines.length === 0) return false;
  let isSound = true;
  const say = (...finding: Parameters<Findings['add']>): void => {
    isSound = false;
    findings.add(...finding);
  };
  const good = chain.lines.filter(({ fault }) => fault === null);
  let next = 0;
  for (const { number, event } of good) {
    if (event!.shown.offset < next) say('line-order', { path, line: number });
    next = Math.max(next, event!.shown.nextOffset);
  }
  const events = good.map(({ event }) => event!).sort((a, b) => a.shown.offset - b.shown.offset);
  let missing = wanted === null ? [] : uncovered(wanted, events);
  const used = new Set(events.map(({ proofPath }) => proofPath));
  let unused = proofs.filter((proof) => !used.has(proof.path));
  for (const group of groupsOf(chain.lines)) {
    const isIn = (offset: number) => group.from <= offset && offset < group.before;
    const lost = missing.filter(({ from }) => isIn(from));
    const left = unused.filter(({ offset }) => isIn(offset));
    missing = missing.filter((one) => !lost.includes(one));
    unused = unused.filter((one) => !left.includes(one));
    const should = lost.length > 0 ? lost : left.map(({ offset }) => ({ from: offset, to: offset }));
    if (should.length === 0) for (const line of group.lines) sayOfAdded(line, { path, place, wanted, say });
    else sayOfChanged(group, should, { path, place, isListed: !faulty.has(path), say });
  }
  for (const { from, to } of missing) {
    say('event-missing', { chain: place, offsets: offsetsText([{ from, to }]) });
    unused = unused.filter(({ offset }) => offset < from || offset > to);
  }
  for (const proof of unused) say('proof-without-event', { path: proof.path });
  for (const event of wanted === null ? [] : events) {
    if (!touches(wanted!, event)) say('event-not-asked', { chain: place, offset: event.shown.offset });
  }
  return isSound;
}

type Say = (...finding: Parameters<Findings['add']>) => void;

function sayOfChanged(
  { lines }: Group,
  should: readonly Offsets[],
  { path, place, isListed, say }: { path: string; place: string; isListed: boolean; say: Say },
): void {
  const [first, ...more] = lines;
  const own = first!.event?.shown.offset;
  // The list of files vouches for the line and for its proof: which of them is false is not known.
  if (isListed && more.length === 0 && first!.fault?.kind === 'proof' && own !== undefined) {
    say('proof-bad', { chain: place, offset: own, code: first!.fault.code });
    return;
  }
  const line = more.length === 0 ? `${first!.number}` : `${first!.number}-${more.at(-1)!.number}`;
  say('line-changed', { chain: place, offsets: offsetsText(should), path, line });
}

/** Nothing is missing where it stands. */
function sayOfAdded(
  { number, event, fault }: CheckedLine,
  { path, place, wanted, say }: { path: string; place: string; wanted: LinesContext['wanted']; say: Say },
): void {
  if (event === null) say('line-bad', { path, line: number });
  else if (fault?.kind === 'proof')
    say('proof-bad', { chain: place, offset: event.shown.offset, code: fault.code });
  else if (wanted !== null && !touches(wanted, event))
    say('event-not-asked', { chain: place, offset: event.shown.offset });
  else say('event-without-proof', { chain: place, offset: event.shown.offset });
}

function groupsOf(lines: readonly CheckedLine[]): Group[] {
  const groups: Group[] = [];
  let [from, open]: [number, CheckedLine[]] = [0, []];
  for (const line of lines) {
    if (line.fault !== null) {
      open.push(line);
      continue;
    }
    const { offset, nextOffset } = line.event!.shown;
    if (open.length > 0) groups.push({ lines: open, from, before: offset });
    [from, open] = [nextOffset, []];
  }
  if (open.length > 0) groups.push({ lines: open, from, before: Number.POSITIVE_INFINITY });
  return groups;
}

const touches = (ranges: readonly Offsets[], { shown }: CheckedEvent): boolean =>
  ranges.some(({ from, to }) => shown.nextOffset > from && shown.offset <= to);

/** What of the ranges no event covers. Both are in their order. */
function uncovered(ranges: readonly Offsets[], events: readonly CheckedEvent[]): Offsets[] {
  const missing: Offsets[] = [];
  for (const { from, to } of ranges) {
    let next = from;
    for (const { shown } of events) {
      if (shown.nextOffset <= from || shown.offset > to) continue;
      if (shown.offset > next) missing.push({ from: next, to: shown.offset - 1 });
      next = Math.max(next, shown.nextOffset);
    }
    if (next <= to) missing.push({ from: next, to });
  }
  return missing;
}
