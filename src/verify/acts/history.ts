// Which decisions of a governance chain count, and which are in force? (FORMAT.md 13.5)
import { FormatError, messageOf } from '../../base/error.ts';
import type { Sha256 } from '../../base/hash.ts';
import { verifySignature } from '../../base/signature.ts';
import { type Act, actMessage, parseSignedAct, type SignedAct, type UnknownAct } from '../../format/act.ts';
import { type ActDetail, type ActKind, type PersonRole, TWO_PERSONS } from '../../format/act-detail.ts';
import type { Line } from '../../format/record.ts';
import { parseTime, timeText } from '../../format/time.ts';
import type { VerifySignature } from '../trust.ts';
import { actBytes, doneProblem } from './act-line.ts';
import { type Charter, type CharterPerson, charterOf } from './charter.ts';
import { type ActEnd, endOf, isUndone } from './ended.ts';
import { isOfKey, keyProblem, printOfVkey } from './keys.ts';
import { loosens } from './loosens.ts';
import type { RecordedAct, SealedAt } from './recorded-act.ts';

/** A line that decides nothing, and why. */
export type RefusedLine = { readonly place: SealedAt; readonly why: string; readonly act: Act | null };
export type LaterAct = { readonly place: SealedAt; readonly act: UnknownAct };

export type ActHistoryOptions = {
  /** Of the governance chain. */
  readonly origin: string;
  readonly sha256: Sha256;
  readonly verify?: VerifySignature;
};

/** What there was when the chain that is read now began: a number is of a list's members. */
type Before = Readonly<Record<'acts' | 'refused' | 'later' | 'ids', number>> & {
  readonly origin: string;
  readonly gate: ActDetail['continue'] | null;
};

const HOUR_MS = 3_600_000;

/** Lines are added in the order of the chain. Whatever comes in, `add` does not throw. */
export class ActHistory {
  readonly acts: RecordedAct[] = [];
  readonly refused: RefusedLine[] = [];
  /** Of kinds that only a later version knows. */
  readonly later: LaterAct[] = [];
  readonly #options: ActHistoryOptions;
  readonly #byId = new Map<string | null, RecordedAct | null>();
  #charter: Charter | null = null;
  /** Of the chain that is read now: what its acts are signed over. */
  #origin: string;
  /** Where this chain goes on from, until two persons have said so (FORMAT.md 13.7.2). */
  #gate: ActDetail['continue'] | null = null;
  #before: Before | null = null;
  /** Why acts of a chain that this one goes on from can't be read. Null: none is known to be lost. */
  lost: string | null = null;

  constructor(options: ActHistoryOptions) {
    this.#options = options;
    this.#origin = options.origin;
  }

  /** Of the governance chain. */
  get origin(): string {
    return this.#options.origin;
  }

  /** What comes next is of another chain: nothing counts there before two persons have continued this one. */
  goOn(origin: string, from: ActDetail['continue']): void {
    const [acts, refused, later] = [this.acts.length, this.refused.length, this.later.length];
    this.#before = { origin: this.#origin, gate: this.#gate, acts, refused, later, ids: this.#byId.size };
    this.#origin = origin;
    this.#gate = from;
  }

  /** As before `goOn`, where two persons have not continued: up to there no earlier act was changed. */
  goBack(): void {
    const before = this.#before;
    if (before === null || this.isContinued) return;
    this.acts.length = before.acts;
    this.refused.length = before.refused;
    this.later.length = before.later;
    for (const id of [...this.#byId.keys()].slice(before.ids)) this.#byId.delete(id);
    [this.#origin, this.#gate, this.#before] = [before.origin, before.gate, null];
  }

  /** False: two persons have not said that the chain goes on from the earlier one. */
  get isContinued(): boolean {
    return this.#gate === null;
  }

  /** What the acts of the chain that was read last are signed over. */
  get chainOrigin(): string {
    return this.#origin;
  }

  /** Who may decide after all that was added. Null before the first charter. */
  get charter(): Charter | null {
    return this.#charter;
  }

  /** An act that counts, by its id. Null is the id of none. */
  find(id: string | null): RecordedAct | null {
    return this.#byId.get(id) ?? null;
  }

  /** Null: it counts, or is of a later version. Else why it decides nothing. */
  async add(line: Line, place: SealedAt): Promise<string | null> {
    let signed: SignedAct | null = null;
    try {
      signed = this.#read(line, place);
      const { act, unknown } = signed;
      if (unknown !== null) this.later.push({ place, act: unknown });
      this.#requireNew((act ?? unknown)!.id);
      const problem = act === null ? null : await this.#problemOf(act, signed, place);
      if (problem !== null) throw new FormatError(problem);
      if (act !== null) this.#take(act, place);
      return null;
    } catch (error) {
      const why = messageOf(error);
      this.refused.push({ place, why, act: signed?.act ?? null });
      return why;
    }
  }

  /** Why an act by that person would not count behind all that was added; null: it would. */
  refusal(act: Act, place: SealedAt): string | null {
    const person = this.#personOf(act);
    return typeof person === 'string' ? person : this.#conditionProblem(act, place);
  }

  /** A proposal that was neither approved nor withdrawn, and still can be. */
  isWaiting({ isForTwo, inForce, withdrawnBy, place }: RecordedAct, nowMs: number): boolean {
    const hours = this.#charter?.hours ?? 0;
    return isForTwo && inForce === null && withdrawnBy === null && nowMs <= place.sealedMs + hours * HOUR_MS;
  }

  /** In force and not over, and what it demands of the store is not said to be done. (FORMAT.md 13.5.4) */
  isOpen(recorded: RecordedAct, nowMs: number): boolean {
    return isUndone(recorded) && this.end(recorded, nowMs) === null;
  }

  /** What ended a decision that was in force: another one, or its own date. Null: nothing has. */
  end(recorded: RecordedAct, nowMs: number): ActEnd | null {
    return endOf(this.acts, recorded, nowMs);
  }

  #read(line: Line, { offset }: SealedAt): SignedAct {
    if (line.kind === 'gap') throw new FormatError('a gap line');
    const { record } = line;
    if (record.offset !== offset) throw new FormatError(`offset ${record.offset}, expected ${offset}`);
    const signed = parseSignedAct(actBytes(record), this.#options.sha256);
    const time = (signed.act ?? signed.unknown)!.time;
    if (record.timestamp !== BigInt(parseTime(time)))
      throw new FormatError(`a timestamp of ${record.timestamp}, and its act says ${time}`);
    return signed;
  }

  #requireNew(id: string): void {
    if (this.#byId.has(id)) throw new FormatError(`an earlier act has the id ${id}`);
    this.#byId.set(id, null);
  }

  async #problemOf(act: Act, { signedBytes, signature }: SignedAct, place: SealedAt): Promise<string | null> {
    const person = this.#personOf(act);
    if (typeof person === 'string') return person;
    const { verify = verifySignature } = this.#options;
    const message = actMessage(signedBytes, this.#origin);
    if (!(await verify(person.publicKey, message, signature))) return `no valid signature by ${person.name}`;
    return this.#conditionProblem(act, place);
  }

  /** Whose act it is, with the role that its kind asks for. Otherwise why it is nobody's. */
  #personOf(act: Act): CharterPerson | string {
    const { name, key } = act.by;
    const first = this.#charter === null;
    if (first && act.kind !== 'charter') return 'the first act is no charter';
    const charter = first && act.kind === 'charter' ? this.#charterOf(act) : this.#charter;
    const person = charter?.people.find((one) => one.fingerprint === key);
    if (person === undefined) return `the key ${key.slice(0, 16)} is of nobody in the charter in force`;
    if (person.name !== name) return `${name} signs with the key of ${person.name}`;
    // Whoever may approve a release may take the holds off, and says so.
    if (act.kind === 'done') return person;
    const role: PersonRole = act.kind === 'approve' ? 'approver' : 'officer';
    return person.roles.includes(role) ? person : `${name} is no ${role}`;
  }

  #charterOf(act: Act & { readonly kind: 'charter' }): Charter {
    return charterOf(act.detail, this.#options.sha256);
  }

  #conditionProblem(act: Act, place: SealedAt): string | null {
    const target = this.find(act.of);
    const isAbout = act.kind === 'approve' || act.kind === 'withdraw' || act.kind === 'done';
    const problem = this.#sealingProblem(act, place) ?? this.#gateProblem(act);
    if (problem !== null) return problem;
    if (!isAbout) {
      if (act.of !== null) return `an act of the kind ${act.kind} is about no other act`;
      return isOfKey(act) ? keyProblem(act, this, this.#options.sha256) : null;
    }
    if (target === null) return `${act.of ?? 'null'} is no act that counts`;
    if (act.kind === 'done') return doneProblem(target) ?? this.#changeProblem(target, place);
    if (!target.isForTwo) return 'the act needs no second person';
    if (target.withdrawnBy !== null) return 'the act was withdrawn';
    if (target.inForce !== null) return 'the act is in force already';
    return act.kind === 'withdraw' ? null : this.#approvalProblem(act, target, place);
  }

  #gateProblem(act: Act): string | null {
    const gate = this.#gate;
    if (act.kind === 'continue') {
      if (gate === null) return 'no chain is to be continued here';
      const { origin, size, root } = act.detail;
      const isSame = origin === gate.origin && size === gate.size && root === gate.root;
      return isSame ? null : 'it continues another place than its chain does';
    }
    if (gate === null) return null;
    const isAnswer = act.kind === 'approve' || act.kind === 'withdraw';
    return isAnswer && this.find(act.of)?.act.kind === 'continue'
      ? null
      : `two persons have not said that decisions go on from ${gate.origin}`;
  }

  /** Another key of this chain: only its own seal shows that it is done. */
  #changeProblem({ act }: RecordedAct, { sealedBy = [] }: SealedAt): string | null {
    if (act.kind !== 'key.rotate' || act.detail.use !== 'governance') return null;
    const print = printOfVkey(act.detail.key, this.#options.sha256);
    return sealedBy.length === 1 && sealedBy[0] === print
      ? null
      : 'its segment is not signed by the new key alone';
  }

  /** Who seals decisions makes none. */
  #sealingProblem(act: Act, { sealedBy = [] }: SealedAt): string | null {
    if (sealedBy.includes(act.by.key)) return `the key of ${act.by.name} seals the decisions`;
    if (act.kind !== 'charter') return null;
    const sealing = this.#charterOf(act).people.find(({ fingerprint }) => sealedBy.includes(fingerprint));
    return sealing === undefined ? null : `the key of ${sealing.name} seals the decisions`;
  }

  #approvalProblem(act: Act, { act: proposal, place }: RecordedAct, approved: SealedAt): string | null {
    const [a, b] = [act.by, proposal.by];
    if (a.name === b.name || a.key === b.key) return `${a.name} proposed it: somebody else must approve`;
    if (a.principal !== null && a.principal === b.principal)
      return `proposed and approved as ${a.principal}: it must be two`;
    const { people, hours } = this.#charter!;
    const writer = people.find(({ fingerprint }) => fingerprint === b.key);
    if (writer?.name !== b.name || !writer.roles.includes('officer'))
      return `${b.name}, who proposed it, is no officer of the charter in force any more`;
    if (approved.sealedMs <= place.sealedMs + hours * HOUR_MS) return null;
    return `approved more than ${hours} hours after it was proposed at ${timeText(place.sealedMs)}`;
  }

  #take(act: Act, place: SealedAt): void {
    const isForTwo = this.#needsTwo(act);
    const recorded: RecordedAct = {
      ...{ act, place, isForTwo, inForce: isForTwo ? null : place },
      ...{ approvedBy: null, withdrawnBy: null, doneBy: null },
    };
    const target = this.find(act.of);
    this.acts.push(recorded);
    this.#byId.set(act.id, recorded);
    if (!isForTwo && act.kind === 'charter') this.#charter = this.#charterOf(act);
    if (act.kind === 'withdraw') target!.withdrawnBy = recorded;
    if (act.kind === 'done') target!.doneBy = recorded;
    if (act.kind === 'approve') this.#approve(target!, recorded);
  }

  #approve(target: RecordedAct, approval: RecordedAct): void {
    target.approvedBy = approval;
    target.inForce = approval.place;
    if (target.act.kind === 'charter') this.#charter = this.#charterOf(target.act);
    if (target.act.kind === 'continue') this.#gate = null;
  }

  #needsTwo(act: Act): boolean {
    if (act.kind === 'charter') return this.#charter !== null;
    if (act.kind === 'key.rotate') return act.detail.use === 'governance';
    return TWO_PERSONS.has(act.kind) || (act.kind === 'policy' && loosens(act.detail, this.policyBefore()));
  }

  /** The policies in force after all that was added. */
  policyBefore(): (Act & { readonly kind: 'policy' })['detail'] | null {
    return this.newest('policy')?.detail ?? null;
  }

  /** Of the acts of that kind, the one that came into force last. */
  newest<Kind extends ActKind>(kind: Kind): (Act & { readonly kind: Kind }) | null {
    let newest: RecordedAct | null = null;
    for (const recorded of this.acts)
      if (recorded.act.kind === kind && recorded.inForce !== null)
        if (newest?.inForce == null || newest.inForce.offset < recorded.inForce.offset) newest = recorded;
    return (newest?.act as (Act & { readonly kind: Kind }) | undefined) ?? null;
  }
}
