// What does a producer learn of its records? GET /receipt/TOPIC/PARTITION/OFFSET and POST /receipts. Reads
// alone.
import type { PartitionStatus } from '../../archiver/status.ts';
import { utf8Text } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import { LedgerstoneError } from '../../base/error.ts';
import { LIMITS } from '../../base/limits.ts';
import type { TopicConfig } from '../../config/archiver.ts';
import type { VerifierKey } from '../../format/vkey.ts';
import type { StoreReader } from '../../store/store.ts';
import { type Answer, type Asked, type Handler, json } from '../http.ts';
import { ReceiptBudget } from './receipt-budget.ts';
import { newLinesLeft, type ReceiptLine, receiptLines } from './receipt-lines.ts';

export type ReceiptOptions = {
  /** Without a method that writes. */
  readonly store: StoreReader;
  /** Null: this archiver does not archive it. */
  readonly topicNamed: (name: string) => TopicConfig | null;
  /** When a batch is sealed at the latest. */
  readonly maxAgeMs: number;
  readonly perSecond: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Null: the service is starting. */
  readonly trusted: () => readonly VerifierKey[] | null;
  readonly partitions: () => readonly PartitionStatus[];
};

type Wanted = { readonly topic: string; readonly partition: number; readonly offset: number };
type Receipt = { readonly status: number; readonly retryAfter?: number; readonly [member: string]: unknown };

const ITEMS_MAX = 100;
const BODY_BYTES_MAX = 64 * 1024;
const WAIT_SECONDS_MAX = 60;

export function receiptHandler(options: ReceiptOptions): Handler {
  const budget = new ReceiptBudget(options.clock, options.perSecond);
  return (asked) => {
    const isMany = asked.path === '/receipts';
    if (!isMany && !asked.path.startsWith('/receipt/')) return null;
    const leave = budget.enter();
    if (leave === null)
      return Promise.resolve(wait(503, 'busy', 'too many receipts are asked for at once', 5));
    const answer = (isMany ? answerMany : answerOne)(asked, options, budget);
    return answer.then(
      (given) => ({ ...given, done: leave }),
      (error: unknown) => {
        leave();
        throw error;
      },
    );
  };
}

async function answerOne(asked: Asked, options: ReceiptOptions, budget: ReceiptBudget): Promise<Answer> {
  if (asked.method !== 'GET') return json(405, { code: 'method', error: 'GET only' });
  const [, topic = '', partition = '', offset = ''] =
    /^\/receipt\/([A-Za-z0-9._-]{1,249})\/([0-9]{1,10})\/([0-9]{1,16})$/.exec(asked.path) ?? [];
  const wanted = wantedOf({ topic, partition: Number(partition), offset: Number(offset) });
  if (topic === '' || wanted === null)
    return json(400, { code: 'usage', error: 'ask for /receipt/TOPIC/PARTITION/OFFSET' });
  const receipts = await within(budget, [wanted], options);
  return Array.isArray(receipts) ? answerOf(receipts[0] as Receipt) : receipts;
}

async function answerMany(asked: Asked, options: ReceiptOptions, budget: ReceiptBudget): Promise<Answer> {
  if (asked.method !== 'POST') return json(405, { code: 'method', error: 'POST only' });
  const wanted = wantedFrom(await asked.body(BODY_BYTES_MAX).catch(() => ''));
  if (wanted === null) {
    const error = `send 1 to ${ITEMS_MAX} of {"topic","partition","offset"} as a JSON array, in at most 64 KiB`;
    return json(400, { code: 'usage', error });
  }
  const receipts = await within(budget, wanted, options);
  return Array.isArray(receipts) ? json(200, { receipts }) : receipts;
}

const answerOf = ({ status, ...body }: Receipt): Answer => {
  const answer = json(status, body);
  return body.retryAfter === undefined
    ? answer
    : { ...answer, headers: { 'retry-after': String(body.retryAfter) } };
};

const wait = (status: number, code: string, error: string, retryAfter: number): Answer =>
  answerOf({ status, code, error, retryAfter });

/** An answer instead, where there is no time for receipts now. */
async function within(
  budget: ReceiptBudget,
  wanted: readonly Wanted[],
  options: ReceiptOptions,
): Promise<Receipt[] | Answer> {
  const trusted = options.trusted();
  if (trusted === null) return wait(503, 'starting', 'the archiver is starting', 5);
  const seconds = budget.take(wanted.length);
  if (seconds > 0) return wait(429, 'rate', 'more receipts than receipts.perSecond', seconds);
  return budget.run(() => receiptsOf(wanted, trusted, options), options.signal);
}

function wantedOf(value: unknown): Wanted | null {
  if (typeof value !== 'object' || value === null) return null;
  const { topic, partition, offset } = value as Partial<Record<keyof Wanted, unknown>>;
  if (typeof topic !== 'string' || topic.length > 249) return null;
  const isNumber = (given: unknown, most: number): given is number =>
    Number.isSafeInteger(given) && (given as number) >= 0 && (given as number) <= most;
  if (!isNumber(partition, 2 ** 31 - 1) || !isNumber(offset, LIMITS.offsetMax - 1)) return null;
  return { topic, partition, offset };
}

function wantedFrom(body: string): Wanted[] | null {
  try {
    const list: unknown = JSON.parse(body);
    if (!Array.isArray(list) || list.length === 0 || list.length > ITEMS_MAX) return null;
    const wanted = list.map(wantedOf);
    return wanted.every((one) => one !== null) ? wanted : null;
  } catch {
    return null;
  }
}

/** In the order of what was asked for. Records of one segment are read together. */
async function receiptsOf(
  wanted: readonly Wanted[],
  trusted: readonly VerifierKey[],
  options: ReceiptOptions,
): Promise<Receipt[]> {
  const receipts = new Map<Wanted, Receipt>();
  const left = newLinesLeft();
  for (const [, ofPartition] of Map.groupBy(wanted, ({ topic, partition }) => `${topic}/${partition}`)) {
    const [{ topic, partition } = ofPartition[0] as Wanted] = ofPartition;
    const config = options.topicNamed(topic);
    const error = `this archiver does not archive the topic ${topic}`;
    if (config === null) {
      for (const one of ofPartition) receipts.set(one, { ...one, status: 404, code: 'unknown-topic', error });
      continue;
    }
    const chain = config.partitions[partition]?.chain ?? config.chain;
    const own = options.partitions().find((one) => one.topic === topic && one.partition === partition);
    const sealed = own?.head?.nextOffset ?? Number.POSITIVE_INFINITY;
    const below = ofPartition.filter(({ offset }) => offset < sealed).map(({ offset }) => offset);
    const { store, signal } = options;
    const lines: ReadonlyMap<number, ReceiptLine> =
      below.length === 0
        ? new Map()
        : await receiptLines(store, trusted, { chain, partition }, below, left, signal);
    for (const one of ofPartition) {
      const line = lines.get(one.offset) ?? { kind: 'not-sealed', nextOffset: sealed };
      receipts.set(one, { ...one, chain, ...receiptOf(line, own, options) });
    }
  }
  return wanted.map((one) => receipts.get(one) as Receipt);
}

function receiptOf(line: ReceiptLine, own: PartitionStatus | undefined, options: ReceiptOptions): Receipt {
  switch (line.kind) {
    case 'proven': {
      const { isGap, sealed } = line;
      const texts = { line: utf8Text(line.line), proof: utf8Text(line.proof), sealed };
      if (!isGap) return { status: 200, code: 'sealed', ...texts };
      return {
        status: 410,
        code: 'no-record',
        error: 'a signed gap line says that there is no record',
        ...texts,
      };
    }
    case 'not-sealed': {
      const halted = own?.halt?.code ?? null;
      const error = `the next offset to be sealed is ${line.nextOffset}`;
      return { status: 202, code: 'not-sealed-yet', error, halted, retryAfter: patience(own, options) };
    }
    case 'absent':
      return { status: line.code === 'expired' ? 410 : 404, code: line.code, error: line.why };
    case 'too-long':
      return {
        status: 413,
        code: 'too-long',
        error: 'the records are longer than an answer: ask for fewer, or use `ledgerstone prove`',
      };
    case 'failed':
      return line.isRetriable
        ? { status: 503, code: line.code, error: line.why, retryAfter: 5 }
        : { status: 500, code: line.code, error: line.why };
    default:
      throw new LedgerstoneError('unexpected', 'a receipt of no kind');
  }
}

/** Seconds until the batch that is open is sealed by its age; it may be sooner. */
function patience(own: PartitionStatus | undefined, { maxAgeMs }: ReceiptOptions): number {
  if (own?.halt != null) return WAIT_SECONDS_MAX;
  const leftMs = maxAgeMs - (own?.oldestUnsealedSeconds ?? 0) * 1000;
  return Math.min(WAIT_SECONDS_MAX, Math.max(1, Math.ceil(leftMs / 1000)));
}
