// `npm run release-files -- DIR`: which files is a release, the same bytes from the same commit?
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isRecord, type Json, settledCycloneDx, settledSpdx } from './release-sbom.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

const run = (program: string, args: readonly string[]): string =>
  execFileSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  });
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A tag names the version, its entry in CHANGELOG is there, and nothing is built that is not committed. */
function checkTag(tag: string, version: string): void {
  const problems: string[] = [];
  if (tag !== `v${version}`) problems.push(`the tag is ${tag}, and package.json has ${version}`);
  if (!readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8').includes(`\n## [${version}]`))
    problems.push(`CHANGELOG.md has no entry of ${version}`);
  if (run('git', ['status', '--porcelain']) !== '') problems.push('there are changes that are not committed');
  if (problems.length > 0) throw new Error(problems.join('; '));
}

/** In seconds; a build from an archive of the sources has no history, and names the time itself. */
const committedAt = (): string =>
  process.env['SOURCE_DATE_EPOCH'] ?? run('git', ['log', '-1', '--format=%ct']);

function sbom(format: 'cyclonedx' | 'spdx'): Json {
  const args = ['sbom', '--sbom-format', format, '--package-lock-only'];
  const parsed: unknown = JSON.parse(run('npm', args));
  if (!isRecord(parsed)) throw new Error(`npm sbom printed no object for ${format}`);
  return parsed;
}

function makeFiles(dir: string, tag: string | undefined): void {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
  };
  const { name, version } = manifest;
  if (tag !== undefined) checkTag(tag, version);
  mkdirSync(dir, { recursive: true });
  if (readdirSync(dir).length > 0) throw new Error(`${dir} is not empty: give a new directory`);
  run('npm', ['pack', '--silent', '--pack-destination', dir]);
  const pack = `${name}-${version}.tgz`;
  const of = {
    name,
    version,
    sha256: sha256(readFileSync(join(dir, pack))),
    // When the commit was made: when it is built says nothing.
    at: new Date(1000 * Number(committedAt())).toISOString(),
  };
  const cycloneDx = sbom('cyclonedx');
  const write = (file: string, json: Json) =>
    writeFileSync(join(dir, file), `${JSON.stringify(json, null, 2)}\n`);
  write(`${name}.cdx.json`, settledCycloneDx(cycloneDx, of));
  write(`${name}.spdx.json`, settledSpdx(sbom('spdx'), cycloneDx, of));
  const sums = readdirSync(dir)
    .sort()
    .map((file) => `${sha256(readFileSync(join(dir, file)))}  ${file}\n`);
  writeFileSync(join(dir, 'SHA256SUMS'), sums.join(''));
}

const { values, positionals } = parseArgs({ options: { tag: { type: 'string' } }, allowPositionals: true });
const [dir, ...rest] = positionals;
if (dir === undefined || rest.length > 0) {
  process.stderr.write('Usage: npm run release-files -- DIR [--tag v1.2.3]\n');
  process.exitCode = 2;
} else {
  makeFiles(resolve(dir), values.tag);
  process.stdout.write(readFileSync(join(resolve(dir), 'SHA256SUMS'), 'utf8'));
}
