// Is one chain whole, from its first seal to its head?
import { readAhead, TaskGroup } from '../base/concurrency.ts';
import { messageOf } from '../base/error.ts';
import { isImportChain, parseChainOrigin } from '../format/chain.ts';
import { afterDataOf, dataPrefix } from '../format/paths.ts';
import type { VerifierKey } from '../format/vkey.ts';
import { ActsCheck } from './acts-check.ts';
import { AnchorCheck } from './anchor.ts';
import type { ArchiveLock, ArchiveVersion } from './archive-reader.ts';
import { foreignBehindEnd, secondEnd } from './behind-end.ts';
import { chainReport } from './chain-report.ts';
import { aheadProblem, chainProblem, linkProblems, staleProblem } from './chain-state.ts';
import { ChainTally } from './chain-tally.ts';
import { ChainTrust } from './chain-trust.ts';
import type { Visit } from './content-visitor.ts';
import { contentProblems, isDataOver, listedProblem } from './data-check.ts';
import { DataCursor } from './data-cursor.ts';
import { FindingList, type ObjectLocation } from './finding-list.ts';
import { chainText, continuesProblems } from './handover.ts';
import { LaterSeals, newerFormat } from './later-version.ts';
import { isStoreWide, lockProblems, promiseProblem } from './locks.ts';
import type { OpenedSeal } from './open-seal.ts';
import type { ChainReport } from './report.ts';
import type { Run } from './run.ts';
import { type InspectedSeal, listSeals, readListed, storeProblem } from './seal-reader.ts';
import { adopts, type Slice, sealsBefore } from './slice.ts';
import type { ChainInArchive } from './survey.ts';
import { includesKey, trustedFor } from './trust.ts';

export class ChainCheck {
  readonly #place: ChainInArchive;
  readonly #run: Run;
  readonly #findings = new FindingList();
  readonly #data: DataCursor;
  readonly #trust: ChainTrust;
  readonly #anchors: AnchorCheck;
  readonly #later: LaterSeals;
  readonly #acts: ActsCheck;
  readonly #tasks: TaskGroup;
  readonly #tally = new ChainTally();
  /** False once the store has said that it has no locks, or shows none. */
  #asksLocks = true;
  /** The sequence that the next seal must have. */
  #nextSequence = 0;
  /** The seal before, if it could be read. Null after a gap. */
  #before: OpenedSeal | null = null;
  #head: OpenedSeal | null = null;
  /** The seal that the slice begins behind, if it could be read. */
  start: OpenedSeal | null = null;
  /** Whether every seal was listed. If not, nothing is known about the end. */
  #isListed = false;
  #isStopped = false;
  readonly #slice: Slice;
  constructor(place: ChainInArchive, run: Run, slice: Slice) {
    this.#place = place;
    this.#run = run;
    this.#slice = slice;
    // The last seal behind is read again for its frontier, which its root proves, and its hash.
    this.#nextSequence = slice.behind === null ? 0 : slice.behind.size - 1;
    const prefix = dataPrefix(place.chain, place.partition);
    this.#data = new DataCursor(run.reader, prefix, this.#findings, run.signal);
    if (slice.behind?.kind === 'claimed') this.#data.reportFrom(slice.behind.size);
    this.#trust = new ChainTrust(run.trusted, run.sha256);
    const anchors = run.anchors.get(chainText(place)) ?? [];
    this.#anchors = new AnchorCheck(anchors, (origin) => this.#believed(origin), run.verifySignature);
    const believed = (origin: string) => this.#trust.believed(origin);
    this.#later = new LaterSeals(chainText(place), believed, run.verifySignature);
    this.#tasks = new TaskGroup(run.ahead);
    this.#acts = new ActsCheck(place, run, this.#findings, this.#tally);
  }

  get head(): OpenedSeal | null {
    return this.#head;
  }
  /** Of the last key of a seal, and one more. One less than the slice begins behind: no seal was there. */
  get size(): number {
    return this.#nextSequence;
  }
  /** False: `mayGoOn` stopped it before the chain's end. */
  get isAtEnd(): boolean {
    return this.#isListed && !this.#isStopped;
  }

  /** The report, or null if there are only foreign objects, which are then in `foreign`. */
  async run(foreign: FindingList): Promise<ChainReport | null> {
    try {
      await this.#readSeals();
      this.#isListed = true;
      await this.#finishData();
    } catch (error) {
      this.#run.signal?.throwIfAborted();
      this.#findings.add({ code: 'unreadable', expected: 'a whole listing', found: messageOf(error) });
    } finally {
      await this.#tasks.finish();
    }
    if (this.#tally.seals === 0 && this.#isListed && this.#slice.behind === null) {
      if (this.#data.lastSequence < 0 && this.#findings.verdict === 'verified') {
        foreign.absorb(this.#findings);
        return null;
      }
      // The first seal is older than any data object, so somebody removed the chain and left its data.
      this.#findings.add({ code: 'sequence-gap', expected: 'seal 0', found: 'no seal at all' });
    }
    await this.#checkEnd();
    const knownSize = this.#head === null ? null : this.#anchors.knownSize(this.#head.manifest.origin);
    return chainReport(this.#place, this.#head, knownSize, this.#tally, this.#findings, this.#run.sha256);
  }

  async #readSeals(): Promise<void> {
    const listed = listSeals(this.#place, this.#run, this.#findings, this.#nextSequence);
    const seals = sealsBefore(listed, this.#slice.before);
    const read = readAhead(seals, this.#run.ahead, (seal) => readListed(seal, this.#run, this.#asksLocks));
    for await (const seal of read) {
      await this.#checkSeal(seal);
      this.#run.progress.seals++;
      this.#run.report();
      this.#isStopped = !this.#slice.mayGoOn();
      if (this.#isStopped) return;
    }
  }

  async #checkSeal(seal: InspectedSeal): Promise<void> {
    const { sequence, key } = seal;
    const { opened, problems } = seal.inspection;
    const place = { key, versionId: seal.version.versionId, sequence };
    const isSound = problems.length === 0;
    const later = await this.#later.versionOf(seal.inspection);
    const foreign = later === null ? foreignBehindEnd(seal, this.#head, this.#anchors, this.#trust) : null;
    if (foreign !== null) {
      this.#findings.add(foreign, place);
      return;
    }
    this.#checkSequence(seal);
    const { behind } = this.#slice;
    const isBehind = behind !== null && sequence === behind.size - 1;
    const isClaimed = isBehind && behind.kind === 'claimed';
    // Who looks at the part before has counted it.
    if (!isClaimed) this.#tally.addSignatures(seal.inspection);
    if (later === null) this.#findings.addAll(problems, place);
    else this.#noteLater(later, sequence, place);
    if (seal.lockProblem !== null) this.#findings.add(seal.lockProblem, place);
    const untilMs = opened === null ? null : this.#acts.promisedMs(opened);
    if (!isClaimed) this.#noteLock(seal.lock, untilMs, seal.version, sequence);
    if (opened === null) {
      this.#before = null;
      return;
    }
    const { origin } = opened.manifest;
    if (isBehind && adopts(behind, opened.root)) this.#trust.adopt(opened.signedKeys);
    const isTrusted = this.#trust.believes(origin, opened.signedKeys);
    const misplaced = chainProblem(origin, chainText(this.#place));
    const isInPlace = isSound && misplaced === null;
    const distrust = this.#trust.step(origin, opened.signedKeys, isInPlace);
    const ahead = aheadProblem(opened.manifest, seal.version, this.#run);
    // What was looked at before was held to the promise of that time.
    const short = isBehind ? null : promiseProblem(opened.manifest, seal.version, this.#run);
    const undecided = isBehind ? [] : this.#acts.problems(opened);
    for (const one of [distrust, misplaced, ahead, short, ...undecided])
      if (one !== null) this.#findings.add(one, place);
    if (!isClaimed) await this.#tasks.start(() => this.#acts.hold(seal.version, opened));
    if (this.#before !== null) {
      const links = linkProblems(this.#before, opened, this.#run.sha256);
      this.#findings.addAll(links, place);
      if (isInPlace && isTrusted && links.length === 0) this.#noteSecondEnd(origin, sequence, place);
    } else if (sequence === 0 && !isBehind) {
      this.#findings.addAll(await continuesProblems(opened, this.#run), place);
    }
    if (opened.manifest.sequence === sequence) {
      this.#findings.addAll(await this.#anchors.reach(opened), place);
    }
    this.#before = opened;
    this.#head = opened;
    if (isBehind) {
      this.start = opened;
      this.#data.startAfter(this.#behindDataOf(opened));
      return;
    }
    this.#tally.addSeal(opened.manifest);
    const visitor = opened.manifest.data === null ? null : this.#run.visitor;
    const visit = await visitor?.enter({
      ...{ opened, place: this.#place, key, version: seal.version, isSound: isInPlace, isTrusted },
    });
    await this.#checkData(opened, isInPlace && isTrusted, visit);
  }

  /** Of a part that ends before the chain does, up to where the next one begins. */
  async #finishData(): Promise<void> {
    if (this.#slice.reportsRest) await this.#data.finish();
    else if (this.#slice.before !== null && this.#head !== null)
      await this.#data.finish(this.#behindDataOf(this.#head));
  }

  #behindDataOf({ manifest: { time, sequence } }: OpenedSeal): string {
    return afterDataOf(this.#place.chain, this.#place.partition, time.sealed, sequence);
  }

  #noteSecondEnd(origin: string, sequence: number, place: ObjectLocation): void {
    const second = secondEnd(origin, sequence, this.#anchors);
    if (second !== null && !this.#findings.has('fork')) this.#findings.add(second, place);
  }

  /** Reported once: the first one says from where on a newer reader is needed. */
  #noteLater(version: number, sequence: number, place: ObjectLocation): void {
    if (this.#findings.has('newer-format')) return;
    this.#findings.add(newerFormat(version), place);
    this.#data.endAt(sequence);
  }

  #checkSequence({ sequence, key }: InspectedSeal): void {
    if (sequence !== this.#nextSequence) {
      const [expected, found] = [`seal ${this.#nextSequence}`, `seal ${sequence} comes next`];
      this.#findings.add({ code: 'sequence-gap', expected, found }, { key, sequence: this.#nextSequence });
      this.#before = null;
    }
    this.#nextSequence = sequence + 1;
  }

  #noteLock(state: ArchiveLock | null, untilMs: number | null, at: ArchiveVersion, sequence: number): void {
    if (state === null) return;
    if (state.kind === 'locked' || state.kind === 'none') this.#tally.locks++;
    for (const problem of lockProblems(state, untilMs, at, this.#run)) {
      if (!isStoreWide(problem))
        this.#findings.add(problem, { key: at.key, versionId: at.versionId, sequence });
      else if (!this.#findings.has(problem.code)) this.#findings.add(problem);
      if (isStoreWide(problem)) this.#asksLocks = false;
    }
  }

  /** `visit`: null if the object is not to be read. */
  async #checkData(opened: OpenedSeal, inTurn: boolean, visit: Visit | null | undefined): Promise<void> {
    const { data, origin, sequence } = opened.manifest;
    if (data === null) return;
    let version: ArchiveVersion | null;
    try {
      version = await this.#data.take(data.key, inTurn);
    } catch (error) {
      visit?.end();
      this.#run.signal?.throwIfAborted();
      this.#run.presence?.saw(opened, 'not-known', inTurn);
      this.#findings.add(storeProblem(error), { key: data.key, sequence });
      return;
    }
    if (inTurn && isDataOver(opened, this.#run.nowMs)) this.#findings.drop('delete-marker', data.key);
    if (version === null) {
      visit?.end();
      const isOver = this.#acts.noteMissing(opened);
      if (isOver) this.#tally.addExpired(sequence >= this.#anchors.attestedSize(origin));
      this.#run.presence?.saw(opened, isOver ? 'over' : 'missing', inTurn);
      return;
    }
    this.#run.presence?.saw(opened, 'there', inTurn);
    const check = () => this.#checkObject(opened, version, visit).finally(() => visit?.end());
    await this.#tasks.start(check);
  }

  async #checkObject(
    opened: OpenedSeal,
    version: ArchiveVersion,
    visit: Visit | null | undefined,
  ): Promise<void> {
    const { reader, signal, reads, depth } = this.#run;
    const place = { key: version.key, versionId: version.versionId, sequence: opened.manifest.sequence };
    const listed = listedProblem(opened, version);
    if (listed !== null) this.#findings.add(listed, place);
    if (this.#asksLocks) {
      try {
        const lock = await reads.run(() => reader.lock(version.key, version.versionId, signal));
        this.#noteLock(lock, this.#acts.promisedMs(opened), version, opened.manifest.sequence);
      } catch (error) {
        signal?.throwIfAborted();
        this.#findings.add(storeProblem(error), place);
      }
    }
    await this.#acts.hold(version, opened);
    if (depth === 'content' && listed?.code !== 'malformed' && visit !== null) {
      this.#findings.addAll(await contentProblems(opened, version, this.#run, this.#tally, visit), place);
    }
  }

  async #checkEnd(): Promise<void> {
    if (!this.#isListed || this.#isStopped || this.#slice.before !== null) return;
    const [head, size] = [this.#head?.manifest ?? null, this.#nextSequence];
    const isMore = this.#data.lastSequence >= size;
    this.#findings.addAll(await this.#anchors.finish(head?.origin ?? null, size, isMore), {});
    const { staleAfterMs, nowMs } = this.#run;
    if (head === null || staleAfterMs === null || this.#findings.has('newer-format')) return;
    if (this.#anchors.isHandedOverBefore(head.origin, size)) return;
    // History grows when somebody imports more.
    if (isImportChain(parseChainOrigin(head.origin).chain, head.source.kind)) return;
    const stale = staleProblem(head, nowMs, staleAfterMs);
    if (stale !== null) this.#findings.add(stale);
  }

  /** Pinned keys, and the keys that the chain itself has made trusted. */
  #believed(origin: string): readonly VerifierKey[] {
    const pinned = trustedFor(this.#run.trusted, origin, this.#run.sha256);
    return [...pinned, ...this.#trust.believed(origin).filter((key) => !includesKey(pinned, key))];
  }
}
