// Which keys does an archive know, what is each for, and who introduced and retired it?
import { toHex } from '../../base/bytes.ts';
import { nodeSha256 } from '../../base/node/hash.ts';
import { PERSON_KEY_NAME } from '../../config/people-file.ts';
import { GOVERNANCE_CHAIN, parseChainOrigin } from '../../format/chain.ts';
import {
  type CosignerKey,
  cosignerKey,
  encodeCosignerVkey,
  parseCosignerVkey,
} from '../../format/cosignature.ts';
import { timeText } from '../../format/time.ts';
import { encodeVkey, parseVkey, type VerifierKey, verifierKey } from '../../format/vkey.ts';
import type { ActsLook } from '../../read/acts.ts';
import type { KeyHistory } from '../../read/key-runs.ts';
import type { ActHistory } from '../../verify/acts/history.ts';
import { retirementOf } from '../../verify/acts/keys.ts';
import { actsOf, type RecordedAct } from '../../verify/acts/recorded-act.ts';
import { idText, sameKey } from '../../verify/trust.ts';

export type ListedChain = {
  readonly chain: string;
  readonly partition: number;
  readonly history: KeyHistory | null;
  readonly problem: string | null;
};

type By = { readonly act: string; readonly by: string; readonly time: string };
export type KnownKey = {
  readonly kind: 'log' | 'governance' | 'verifier' | 'person';
  /** Of a person. */
  readonly name: string | null;
  readonly algorithm: string;
  /** As readers pin it. */
  readonly vkey: string;
  /** Hex SHA-256 of its SubjectPublicKeyInfo. */
  readonly fingerprint: string;
  /** Where it signed. */
  readonly chains: readonly string[];
  /** Chains whose newest seal it signs. */
  readonly signs: readonly string[];
  /** Null: by no decision. */
  readonly introduced: By | null;
  readonly retired: (By & { readonly approvedBy: string | null }) | null;
};

const byOf = ({ act, inForce, place }: RecordedAct): By => ({
  ...{ act: act.id, by: act.by.name, time: timeText((inForce ?? place).sealedMs) },
});

/** Those that signed, and those that people decided about. */
export function knownKeys(chains: readonly ListedChain[], look: ActsLook): KnownKey[] {
  const history = look.kind === 'read' ? look.history : null;
  return [
    ...signing(chains, history),
    ...(history === null ? [] : [...verifiers(history), ...people(history)]),
  ];
}

function signing(chains: readonly ListedChain[], history: ActHistory | null): KnownKey[] {
  const found: { key: VerifierKey; chains: Set<string>; signs: Set<string> }[] = [];
  const add = (key: VerifierKey) => {
    const known = found.find((one) => one.key.name === key.name && sameKey(one.key.key, key.key));
    if (known !== undefined) return known;
    const fresh = { key, chains: new Set<string>(), signs: new Set<string>() };
    found.push(fresh);
    return fresh;
  };
  for (const { chain, partition, history: runs } of chains)
    for (const { key, isCurrent } of runs?.runs ?? []) {
      const known = add(pinned(key));
      known.chains.add(`${chain}/${partition}`);
      if (isCurrent) known.signs.add(`${chain}/${partition}`);
    }
  for (const { act } of [
    ...actsOf(history?.acts ?? [], 'key.introduce'),
    ...actsOf(history?.acts ?? [], 'key.rotate'),
  ])
    if (act.detail.use !== 'cosigner') {
      const key = parsedOrNull(() => parseVkey(act.detail.key, nodeSha256));
      if (key !== null) add(key);
    }
  return found.map(({ key, ...where }) => {
    const kind = isOfDecisions(key) ? 'governance' : 'log';
    return {
      ...{ kind, name: null, vkey: encodeVkey(key), ...factsOf(key) },
      ...{ chains: [...where.chains], signs: [...where.signs], ...decidedOf(history, kind, encodeVkey(key)) },
    } as const;
  });
}

/** As readers pin it: the log's with the archive's name, the governance chain's with its own. */
function pinned(key: VerifierKey): VerifierKey {
  if (isOfDecisions(key)) return key;
  return verifierKey(parseChainOrigin(key.name).archiveOrigin, key.key, nodeSha256);
}

const isOfDecisions = ({ name }: VerifierKey): boolean => name.endsWith('/ledgerstone.governance/0');

const factsOf = ({ key }: Pick<CosignerKey, 'key'>) => ({
  algorithm: key.algorithm,
  fingerprint: toHex(nodeSha256(key.spki)),
});

function decidedOf(history: ActHistory | null, use: string, vkey: string) {
  if (history === null) return { introduced: null, retired: null };
  const isOf = ({ act, inForce }: RecordedAct) =>
    inForce !== null &&
    (act.kind === 'key.introduce' || act.kind === 'key.rotate') &&
    act.detail.use === use &&
    act.detail.key === vkey;
  const introduced = history.acts.find(isOf);
  const retired = retirementOf(history.acts, { use, key: vkey });
  return {
    introduced: introduced === undefined ? null : byOf(introduced),
    retired:
      retired === undefined
        ? null
        : { ...byOf(retired), approvedBy: retired.approvedBy?.act.by.name ?? null },
  };
}

/** Their attestations lie with the second party: here is what was decided about their keys. */
function verifiers(history: ActHistory): KnownKey[] {
  const acts = [...actsOf(history.acts, 'key.introduce'), ...actsOf(history.acts, 'key.retire')];
  const vkeys = new Set(acts.flatMap(({ act }) => (act.detail.use === 'cosigner' ? [act.detail.key] : [])));
  return [...vkeys].flatMap((vkey) => {
    const key = parsedOrNull(() => parseCosignerVkey(vkey, nodeSha256));
    if (key === null) return [];
    const decided = decidedOf(history, 'cosigner', vkey);
    return [
      { kind: 'verifier', name: null, vkey, ...factsOf(key), chains: [], signs: [], ...decided } as const,
    ];
  });
}

/** Of the charter in force. */
function people({ charter, acts }: ActHistory): KnownKey[] {
  const by = actsOf(acts, 'charter').findLast(({ inForce }) => inForce !== null);
  return (charter?.people ?? []).map(({ name, publicKey }) => {
    const key = cosignerKey(PERSON_KEY_NAME, publicKey, nodeSha256);
    return {
      ...{ kind: 'person', name, vkey: encodeCosignerVkey(key), ...factsOf(key), chains: [], signs: [] },
      ...{ introduced: by === undefined ? null : byOf(by), retired: null },
    } as const;
  });
}

function parsedOrNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    return null;
  }
}

/** The change of keys that is not done, and which of these chains wait for it. */
export function openChange(chains: readonly ListedChain[], look: ActsLook, nowMs: number) {
  if (look.kind !== 'read') return null;
  const { history } = look;
  const [open] = actsOf(history.acts, 'key.rotate').filter((one) => history.isOpen(one, nowMs));
  if (open === undefined) return null;
  const key = parsedOrNull(() => parseVkey(open.act.detail.key, nodeSha256));
  const isWaiting = ({ chain, history: runs }: ListedChain) => {
    const current = runs?.runs.filter(({ isCurrent }) => isCurrent) ?? [];
    const isAlone = current.length === 1 && key !== null && sameKey(current[0]!.key.key, key.key);
    const isOfDecisions = chain === GOVERNANCE_CHAIN;
    return (open.act.detail.use === 'governance') === isOfDecisions && !isAlone;
  };
  const waiting = chains.filter(isWaiting).map(({ chain, partition }) => `${chain}/${partition}`);
  return { ...byOf(open), key: open.act.detail.key, waiting };
}

export function knownKeyLines(keys: readonly KnownKey[]): string[] {
  const when = ({ time, act }: By) => `${time} (${act.slice(0, 8)})`;
  return keys.flatMap(({ kind, name, algorithm, vkey, signs, introduced, retired }) => [
    `${kind} key${name === null ? '' : ` of ${name}`}, ${algorithm}: ${vkey}`,
    ...(signs.length > 0 ? [`  signs ${signs.join(', ')}`] : []),
    ...(introduced === null ? [] : [`  introduced by ${introduced.by} ${when(introduced)}`]),
    ...(retired === null
      ? []
      : [`  retired by ${retired.by}, approved by ${retired.approvedBy ?? '-'} ${when(retired)}`]),
  ]);
}

export const keyIdText = (vkey: string): string => {
  const key = parsedOrNull(() => parseVkey(vkey, nodeSha256));
  return key === null ? vkey : idText(key);
};
