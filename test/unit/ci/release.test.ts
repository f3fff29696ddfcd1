// Does a release publish the files that were built, each once, and nothing else?
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settledCycloneDx, settledSpdx } from '../../../src/apps/cli/release-sbom.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PACK = 'ledgerstone-1.2.3.tgz';
const sha = (algorithm: string, text: string) => createHash(algorithm).update(text);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ledgerstone-release-'));
  for (const folder of ['.ci', 'bin', 'release']) mkdirSync(join(dir, folder));
  cpSync(join(ROOT, '.ci/release'), join(dir, '.ci/release'));
  writeFileSync(join(dir, 'release', PACK), 'the package');
  writeFileSync(join(dir, 'release/SHA256SUMS'), `${sha('sha256', 'the package').digest('hex')}  ${PACK}\n`);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs `.ci/release publish` with programs that note how they were called. Both end as they are told to. */
function publish({ tag = 'v1.2.3', published = '', release = 1, npmPublish = 0 } = {}) {
  const fake = (name: string, body: string) =>
    writeFileSync(join(dir, 'bin', name), `#!/bin/sh\necho "${name} $*" >>"${dir}/calls"\n${body}\n`, {
      mode: 0o755,
    });
  fake('gh', `[ "$2" != view ] || exit ${release}`);
  fake('npm', `[ "$1" != view ] || printf '%s' '${published}'\n[ "$1" != publish ] || exit ${npmPublish}`);
  const ran = spawnSync('bash', [join(dir, '.ci/release'), 'publish'], {
    env: { PATH: `${join(dir, 'bin')}:${process.env['PATH']}`, GITHUB_REF_NAME: tag },
    encoding: 'utf8',
  });
  const calls = (() => {
    try {
      return readFileSync(join(dir, 'calls'), 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  })();
  return {
    code: ran.status,
    err: ran.stderr,
    calls: calls.map((call) => call.split(' ').slice(0, 3).join(' ')),
  };
}

const UPLOADED = ['gh release view', 'gh release create', 'gh release upload', 'npm view ledgerstone@1.2.3'];

describe('.ci/release publish', () => {
  it('makes a draft, publishes the package with its provenance, and shows the release', () => {
    const { code, calls, err } = publish();
    expect(code, err).toBe(0);
    expect(calls).toEqual([...UPLOADED, `npm publish release/${PACK}`, 'gh release edit']);
    expect(readFileSync(join(dir, 'calls'), 'utf8')).toContain('--provenance');
  });

  it('goes on where an earlier try ended', () => {
    const published = `sha512-${sha('sha512', 'the package').digest('base64')}`;
    const { code, calls } = publish({ published, release: 0 });
    expect(code).toBe(0);
    expect(calls).toEqual([UPLOADED[0], ...UPLOADED.slice(2), 'gh release edit']);
  });

  it('shows no release whose package is not published, or is another one', () => {
    expect(publish({ npmPublish: 1 })).toMatchObject({
      code: 1,
      calls: expect.not.arrayContaining(['gh release edit']),
    });
    const other = publish({ published: 'sha512-AAAA' });
    expect(other.err).toContain('is another package');
    expect(other.code).toBe(1);
    expect(other.calls).not.toContain('gh release edit');
  });

  it('publishes nothing that was changed since it was built, or of another version', () => {
    expect(publish({ tag: 'v1.2.4' })).toMatchObject({ code: 1, calls: [] });
    writeFileSync(join(dir, 'release', PACK), 'another package');
    expect(publish()).toMatchObject({ code: 1, calls: [] });
  });
});

describe('the lists of what a release consists of', () => {
  const of = {
    name: 'x',
    version: '1.2.3',
    sha256: sha('sha256', 'p').digest('hex'),
    at: '2026-01-01T00:00:00.000Z',
  };
  const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  const ours = { 'bom-ref': 'zod@1', properties: [] };
  const tool = {
    'bom-ref': 'vitest@1',
    properties: [{ name: 'cdx:npm:package:development', value: 'true' }],
  };
  const list = (serialNumber = 'a', timestamp = 'b', name = 'c') => ({
    ...{ serialNumber, metadata: { timestamp, component: { name } }, components: [ours, tool] },
    dependencies: [
      { ref: 'x@1.2.3', dependsOn: ['zod@1', 'vitest@1'] },
      { ref: 'zod@1' },
      { ref: 'vitest@1', dependsOn: ['zod@1'] },
    ],
  });
  const spdx = (created = 'a', name = 'b') => {
    const packages = [
      { name, SPDXID: 'X' },
      { name: 'zod', versionInfo: '1', SPDXID: 'Z' },
      { name: 'vitest', versionInfo: '1', SPDXID: 'V' },
    ];
    const relationships = ['X', 'Z', 'V'].map((spdxElementId) => ({
      spdxElementId,
      relatedSpdxElement: 'X',
    }));
    return { documentNamespace: name, creationInfo: { created }, packages, relationships };
  };

  it('name the package and its hash, and nothing of the moment or the folder', () => {
    expect(settledCycloneDx(list(), of)).toEqual(settledCycloneDx(list('d', 'e', 'f'), of));
    expect(settledCycloneDx(list(), of)).toMatchObject({
      serialNumber: expect.stringMatching(uuid),
      metadata: { timestamp: of.at, component: { name: 'x', hashes: [{ content: of.sha256 }] } },
    });
    expect(settledSpdx(spdx(), list(), of)).toEqual(settledSpdx(spdx('c', 'd'), list(), of));
    expect(settledSpdx(spdx(), list(), of)).toMatchObject({ documentNamespace: expect.stringMatching(uuid) });
  });

  it('have what an install brings, and no tool', () => {
    expect(settledCycloneDx(list(), of)).toMatchObject({
      components: [ours],
      dependencies: [{ ref: 'x@1.2.3', dependsOn: ['zod@1'] }, { ref: 'zod@1' }],
    });
    const { packages, relationships } = settledSpdx(spdx(), list(), of);
    expect(packages).toMatchObject([
      { name: 'x', checksums: [{ checksumValue: of.sha256 }] },
      { name: 'zod' },
    ]);
    expect(relationships).toMatchObject([{ spdxElementId: 'X' }, { spdxElementId: 'Z' }]);
  });

  it('are none where npm prints something else', () => {
    expect(() => settledCycloneDx({}, of)).toThrow('no metadata');
    expect(() => settledSpdx({}, list(), of)).toThrow('no packages');
  });
});
