// `npm run release-files -- DIR`: which files is a release, the same bytes from the same commit?
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { releaseProblems } from './release-rules.ts';
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

function problemsOf(tag: string): string[] {
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  return releaseProblems({ tag, version, changelog, status: run('git', ['status', '--porcelain']) });
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

const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
};

function makeFiles(dir: string, tag: string | undefined): void {
  const problems = tag === undefined ? [] : problemsOf(tag);
  if (problems.length > 0) throw new Error(problems.join('; '));
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

const USAGE = `Usage: npm run release-files -- DIR [--tag v1.2.3]      makes the files
       npm run release-files -- --check --tag v1.2.3   only says whether that tag may be released
`;

const { values, positionals } = parseArgs({
  options: { tag: { type: 'string' }, check: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [dir, ...rest] = positionals;
if (values.check && values.tag !== undefined && dir === undefined) {
  const problems = problemsOf(values.tag);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length === 0) process.stdout.write(`${values.tag} may be released\n`);
  else process.exitCode = 1;
} else if (values.check || dir === undefined || rest.length > 0) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  makeFiles(resolve(dir), values.tag);
  process.stdout.write(readFileSync(join(resolve(dir), 'SHA256SUMS'), 'utf8'));
}
