// Are the OSCAL files what NIST's schemas ask for, and do they say that anything is satisfied?
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { readControlMap } from '../../../src/apps/cli/report/controls.ts';
import { uuidOfName } from '../../../src/base/uuid.ts';
import { runChecks } from '../../../src/evidence/controls/checks.ts';
import {
  assessmentResults,
  componentDefinition,
  controlToken,
} from '../../../src/evidence/controls/oscal.ts';
import {
  type ControlsReport,
  controlsVerdict,
  reportedControls,
} from '../../../src/evidence/report/controls.ts';
import type { Report } from '../../../src/verify/report.ts';

const SCHEMAS = join(import.meta.dirname, '../../data/oscal');
/** The schemas use a Unicode pattern and formats. */
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: true });
addFormats.default(ajv);
const schemaOf = (name: string): { readonly $id: string } =>
  JSON.parse(readFileSync(join(SCHEMAS, `oscal_${name}_schema.json`), 'utf8'));
const [component, results] = [
  ajv.compile(schemaOf('component')),
  ajv.compile(schemaOf('assessment-results')),
];
const map = await readControlMap();

const report: Report = {
  verdict: 'verified',
  depth: 'content',
  chains: [],
  findings: [],
  findingsOmitted: 0,
};
const facts = { report, keys: [], leastLock: null, attestations: null, archive: './archive', days: null };
function controlsReport(
  framework: (typeof map.frameworks)[number],
  origin = 'audit.example.com/prod',
): ControlsReport {
  const data = reportedControls(map, framework, runChecks(facts));
  return {
    ...{
      report: 1,
      kind: 'controls',
      window: { from: null, to: null },
      verdict: controlsVerdict(data),
      data,
    },
    ...{ looked: ['a'], notLooked: ['b'], chains: [] },
    protocol: {
      ...{ by: 'Ada', account: { user: 'ada', machine: 'host' }, command: ['ledgerstone'], exitCode: 0 },
      program: { name: 'ledgerstone', version: '1.0.0', build: 'sha256:00' },
      archive: { name: './archive', origin },
      ...{ began: '2026-11-30T10:00:00.000Z', ended: '2026-11-30T10:00:01.000Z' },
    },
  };
}

describe('OSCAL', () => {
  it('the schemas notice what is wrong', () => {
    expect(component({ 'component-definition': { uuid: 'x' } })).toBe(false);
    expect(results({ 'assessment-results': {} })).toBe(false);
  });

  it('what is written says the version of the schemas that it is held to', () => {
    const written = componentDefinition(map, '1.0.0', '2026-11-30T00:00:00Z');
    const [, version] = /"oscal-version":"([^"]+)"/.exec(JSON.stringify(written)) ?? [];
    const ids = ['component', 'assessment-results'].map((name) => schemaOf(name).$id);
    expect(ids).toEqual([
      `http://csrc.nist.gov/ns/oscal/${version}/oscal-component-definition-schema.json`,
      `http://csrc.nist.gov/ns/oscal/${version}/oscal-ar-schema.json`,
    ]);
  });

  it('the component-definition is one', () => {
    const made = componentDefinition(map, '1.0.0', '2026-11-30T00:00:00Z');
    expect([component(made), component.errors]).toEqual([true, null]);
    expect(made).toEqual(componentDefinition(map, '1.0.0', '2026-11-30T00:00:00Z'));
  });

  it.each(map.frameworks)(
    'the assessment-results of $id are such, and say of nothing that it is satisfied',
    (framework) => {
      const made = assessmentResults(controlsReport(framework));
      expect([results(made), results.errors]).toEqual([true, null]);
      const text = JSON.stringify(made);
      expect(text).not.toMatch(/"satisfied"|"findings"/);
      expect(text).toContain('Nothing here says that a control is satisfied');
      const uuids = [...text.matchAll(/"uuid":"([^"]+)"/g)].map(([, uuid]) => uuid);
      expect(new Set(uuids).size).toBe(uuids.length);
    },
  );

  it('texts of others break no rule of the format', () => {
    const made = assessmentResults(controlsReport(map.frameworks[0]!, 'a\nb\u001b[2J'));
    expect([results(made), results.errors]).toEqual([true, null]);
  });

  it.each([
    ['nist-800-53', 'AU-9(3)', 'au-9.3'],
    ['nist-800-53', 'SC-12', 'sc-12'],
    ['pci-dss-4', '10.3.2', 'pci-dss-4_10.3.2'],
    ['sec-17a-4', '(f)(2)(i)(B)', 'sec-17a-4_f-2-i-b'],
    ['gdpr', 'art. 5(1)(e)', 'gdpr_art.-5-1-e'],
  ])('%s %s is the token %s', (framework, own, token) => expect(controlToken(framework, own)).toBe(token));

  it('names of controls stay apart as tokens', () => {
    for (const { id } of map.frameworks) {
      const own = [...new Set(map.controls.flatMap(({ ids }) => ids[id] ?? []))];
      expect(new Set(own.map((one) => controlToken(id, one))).size, id).toBe(own.length);
    }
  });
});

it('a UUID of a name is what Python makes of it: uuid.uuid5(uuid.NAMESPACE_DNS, name)', () => {
  expect(uuidOfName('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  );
});
