// How does a test get an archive with decisions, good or bad in any one way? (FORMAT.md §13)
import { utf8 } from '../../src/base/bytes.ts';
import { nodeSha256 as sha256 } from '../../src/base/node/hash.ts';
import {
  type Act,
  type ActRequest,
  actMessage,
  encodeAct,
  requestDigest,
  signedActBytes,
} from '../../src/format/act.ts';
import { GOVERNANCE_CHAIN, governanceOrigin } from '../../src/format/chain.ts';
import { cosignerKey, encodeCosignerVkey } from '../../src/format/cosignature.ts';
import { timeText } from '../../src/format/manifest.ts';
import type { KafkaRecord } from '../../src/format/record.ts';
import { spkiFingerprint } from '../../src/format/vkey.ts';
import type { Signer } from '../../src/sign/signer.ts';
import {
  ArchiveBuilder,
  type BuiltSegment,
  type ChainBuilder,
  ORIGIN,
  type SegmentWords,
  START_MS,
  signer,
} from './archive-builder.ts';

export const GOVERNANCE_KEY = (): Signer => signer('governance key', 'ecdsa-p256');

const personSigner = (name: string): Signer => signer(`person ${name}`);
/** Hex SHA-256 of that person's key. */
export const personPrint = (name: string): string => spkiFingerprint(personSigner(name).publicKey, sha256);
/** Of a charter. */
export const person = (name: string, ...roles: ('officer' | 'approver')[]) => ({
  name,
  key: encodeCosignerVkey(cosignerKey('person', personSigner(name).publicKey, sha256)),
  roles,
});
export const OFFICER = 'Ada Byron';
export const APPROVER = 'Grace Hopper';

export type Asked = Omit<ActRequest, 'of' | 'reason' | 'reference'> & {
  readonly of?: string | null;
  /** An officer unless given. */
  readonly by?: string;
  /** Whose key is named; that of `by` unless given. */
  readonly keyOf?: string;
  /** Whose key signs; that of `keyOf` unless given. */
  readonly signedBy?: string;
  /** As whom the store's account knew them; null unless given. */
  readonly principal?: string | null;
};
export const CHARTER = {
  kind: 'charter',
  detail: { people: [person(OFFICER, 'officer'), person(APPROVER, 'approver')], approval: { hours: 72 } },
} as const satisfies Asked;

export type MadeAct = { readonly id: string; readonly value: Uint8Array; readonly timeMs: number };

/** Makes signed acts, with ids that count up and always the same time. */
export function actMaker(origin = governanceOrigin(ORIGIN), from = 0) {
  let ids = from;
  return async (words: Asked): Promise<MadeAct> => {
    const { by = OFFICER, keyOf = by, signedBy = keyOf, principal = null, of = null, ...asked } = words;
    const request = { of, reason: 'A test', reference: null, ...asked } as ActRequest;
    const signing = personSigner(signedBy);
    const id = (++ids).toString(16).padStart(32, '0');
    const act = {
      ...request,
      id,
      by: { name: by, principal, key: personPrint(keyOf) },
      time: timeText(START_MS),
      request: requestDigest(request, by, sha256),
    } as Act;
    const bytes = encodeAct(act, sha256);
    return {
      id,
      value: signedActBytes(bytes, await signing.sign(actMessage(bytes, origin))),
      timeMs: START_MS,
    };
  };
}

export const actLine = (
  offset: number,
  { value, timeMs }: Pick<MadeAct, 'value' | 'timeMs'>,
): KafkaRecord => ({
  ...{ offset, timestamp: BigInt(timeMs), timestampType: 'create', key: null, headers: [], value },
});

/** One segment with these acts, sealed by the governance key unless `words` say otherwise. */
export const sealActs = (
  chain: ChainBuilder,
  acts: readonly Pick<MadeAct, 'value' | 'timeMs'>[],
  words: SegmentWords = {},
): Promise<BuiltSegment> =>
  chain.seal({
    signers: [GOVERNANCE_KEY()],
    source: { kind: 'acts', partition: 0 },
    lines: acts.map((act, index) => actLine(chain.nextOffset + index, act)),
    ...words,
  });

export type Governed = {
  readonly builder: ArchiveBuilder;
  readonly events: ChainBuilder;
  /** Of `events`. */
  readonly segments: readonly BuiltSegment[];
  readonly governance: ChainBuilder;
  /** Makes and seals one act. Returns its id. */
  readonly decide: (asked: Asked, words?: SegmentWords) => Promise<string>;
};

/** `orders/0` with two segments of lines, and a governance chain with its charter. */
export async function governedArchive({
  sealer = GOVERNANCE_KEY(),
}: {
  readonly sealer?: Signer;
} = {}): Promise<Governed> {
  const builder = new ArchiveBuilder();
  const events = builder.chain();
  const segments = await events.fill(2, 3);
  const governance = builder.chain(GOVERNANCE_CHAIN);
  const make = actMaker();
  const decide = async (asked: Asked, words: SegmentWords = {}): Promise<string> => {
    const act = await make(asked);
    await sealActs(governance, [act], { signers: [sealer], ...words });
    return act.id;
  };
  await decide(CHARTER);
  return { builder, events, segments, governance, decide };
}

/** What is no act, as a line. */
export const junkAct = (text: string): Pick<MadeAct, 'value' | 'timeMs'> => ({
  value: utf8(text),
  timeMs: START_MS,
});
