// How is a new vector frozen? `node test/vectors/make-vectors.ts` adds those that are not there, and changes none that is.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8Text } from '../../src/base/bytes.ts';
import { encodeVkey } from '../../src/format/vkey.ts';
import { type FindingCode, SEVERITY, type Verdict, verdictOf, worstVerdict } from '../../src/verify/finding.ts';
import { NOW_MS } from '../support/archive-builder.ts';
import { type ArchiveCase, copyCodes } from './archive-cases.ts';
import { BAD_CASES } from './archive-cases-bad.ts';
import { COSIGNER_CASES } from './archive-cases-cosigner.ts';
import { CONTINUED_CASES } from './archive-cases-continued.ts';
import { DATA_CASES } from './archive-cases-data.ts';
import { GOOD_CASES, ODD_CASES } from './archive-cases-good.ts';
import { GOVERNANCE_CASES } from './archive-cases-governance.ts';
import { DECIDED_CASES } from './archive-cases-decided.ts';
import { LOCK_CASES } from './archive-cases-locks.ts';
import { READING_CASES } from './archive-cases-readings.ts';
import { RULE_CASES } from './archive-cases-rules.ts';
import { SHOWN_CASES } from './archive-cases-shown.ts';
import { SIGNATURE_CASES } from './archive-cases-signatures.ts';
import { STORE_CASES } from './archive-cases-store.ts';
import { TRUST_CASES } from './archive-cases-trust.ts';
import { VERSION_CASES } from './archive-cases-versions.ts';
import { ARCHIVES_FOLDER, type ArchiveVector, type Expected, freezeObjects, type ShownVector, thawArchive, WARNING } from './archive-vector.ts';
import { listed, readPins, writePins } from './pins.ts';
import { makeObjectVectors } from './object-cases.ts';
import { OBJECTS_FILE, type ObjectVector, readObjectVectors } from './object-vector.ts';
import { chainsOf, chainVerdicts, runVector } from './run-vector.ts';

export const ARCHIVE_CASES: readonly ArchiveCase[] = [
  ...GOOD_CASES, ...ODD_CASES, ...BAD_CASES, ...STORE_CASES, ...DATA_CASES, ...RULE_CASES, ...SIGNATURE_CASES,
  ...VERSION_CASES, ...CONTINUED_CASES, ...TRUST_CASES, ...LOCK_CASES, ...COSIGNER_CASES, ...READING_CASES, ...GOVERNANCE_CASES, ...DECIDED_CASES,
  ...SHOWN_CASES,
];

const expected = (codes: readonly FindingCode[]): Expected => ({
  verdict: verdictOf(codes.map((code) => ({ severity: SEVERITY[code] }))),
  codes: [...codes].sort(),
});

async function freeze({ name, about, codes, mayAlso, copy, cosigner, make }: ArchiveCase): Promise<ArchiveVector> {
  const made = await make();
  const { builder } = made;
  const objects = await freezeObjects(builder.archive);
  const copied = copy === undefined ? copyCodes(codes) : copy;
  const vector: ArchiveVector = {
    name,
    about,
    keys: WARNING,
    trusted: made.trusted ?? builder.trusted.map(encodeVkey),
    now: new Date(made.nowMs ?? NOW_MS).toISOString(),
    since: (made.since ?? []).map(utf8Text),
    staleAfterMs: made.staleAfterMs ?? null,
    ...(made.leastLock && { leastLock: made.leastLock }),
    ...(made.greatestLock && { greatestLock: made.greatestLock }),
    store: {
      locks: made.locks ?? 'shown',
      unreadable: made.unreadable ?? [],
      ...(made.tookMs !== undefined && { took: new Date(made.tookMs).toISOString() }),
    },
    expect: { ...expected(codes), chains: {} },
    ...(cosigner && { cosigner }),
    mayAlso: mayAlso ?? [],
    copy: copied === null ? null : expected(copied),
    objects,
  };
  // Which chain has the fault is for a person to look at before the file is committed; that it is the archive's is not.
  if (made.shown === undefined) {
    const chains = await chainVerdicts(vector, thawArchive(vector));
    return { ...vector, expect: { ...vector.expect, chains } };
  }
  const shown: ShownVector[] = [];
  for (const one of made.shown) {
    const trusted = one.trusted ?? one.builder.trusted.map(encodeVkey);
    const frozen = await freezeObjects(one.builder.archive);
    shown.push({ trusted, expect: { ...expected(one.codes), chains: {} }, objects: frozen });
  }
  const all = { ...vector, shown };
  const report = await runVector(all, thawArchive(all));
  const besides = report.beside?.archives ?? [];
  const worst = (own: Expected): Verdict => worstVerdict([own, ...shown.map((one) => one.expect)].map(({ verdict }) => verdict));
  return {
    ...all,
    copy: vector.copy && { ...vector.copy, verdict: worst(vector.copy) },
    expect: { ...vector.expect, verdict: worst(vector.expect), chains: chainsOf(report) },
    shown: shown.map((one, index) => ({ ...one, expect: { ...one.expect, chains: chainsOf(besides[index]?.report ?? report) } })),
  };
}

if (import.meta.main) {
  const pins = readPins();
  mkdirSync(ARCHIVES_FOLDER, { recursive: true });
  for (const each of ARCHIVE_CASES) {
    const path = join(ARCHIVES_FOLDER, `${each.name}.json`);
    if (existsSync(path)) continue;
    writeFileSync(path, `${JSON.stringify(await freeze(each), null, 1)}\n`);
    console.log(`new: ${each.name}`);
  }
  const kept: ObjectVector[] = existsSync(OBJECTS_FILE) ? readObjectVectors() : [];
  const names = new Set(kept.map(({ name }) => name));
  const fresh = (await makeObjectVectors()).filter(({ name }) => !names.has(name));
  for (const { name } of fresh) console.log(`new: ${name}`);
  const all = [...kept, ...fresh].map((vector) => JSON.stringify(vector));
  writeFileSync(OBJECTS_FILE, `[\n${all.join(',\n')}\n]\n`);
  writePins(new Map([...listed(), ...pins]));
}

