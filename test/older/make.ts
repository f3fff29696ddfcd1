// `npm run older -- COMMIT`: how is the older version made that the tests run beside this one?
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const INTO = join(ROOT, 'test/data/older');
/** A page for browsers, types and sample events: nothing that a service or a verification needs. */
const KEPT = /\.(js|schema\.json)$|^FORMAT\.md$/;
const MEMBERS = ['name', 'description', 'license', 'type', 'engines', 'dependencies'] as const;

type Manifest = Readonly<Record<string, unknown>> & { readonly version: string };

const run = (program: string, args: readonly string[], cwd: string): string =>
  execFileSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });

/** Builds the commit with its own build script, and packs what is needed of it. Returns the new file's name. */
function make(commit: string): string {
  const short = run('git', ['rev-parse', '--short=8', `${commit}^{commit}`], ROOT).trim();
  const work = mkdtempSync(join(realpathSync(tmpdir()), 'ledgerstone-older-'));
  try {
    const [checkout, pack] = [join(work, 'checkout'), join(work, 'pack')];
    mkdirSync(checkout);
    mkdirSync(join(pack, 'dist'), { recursive: true });
    run('git', ['archive', '--output', join(work, 'checkout.tar'), short], ROOT);
    run('tar', ['xf', join(work, 'checkout.tar'), '-C', checkout], work);
    symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
    const manifest = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as Manifest;
    // Signed into every manifest: so that it shows in an archive which of the two has sealed a segment.
    const version = `${manifest.version}-g${short}`;
    writeFileSync(join(checkout, 'package.json'), JSON.stringify({ ...manifest, version }));
    run(process.execPath, [join(checkout, 'src/apps/cli/build.ts')], checkout);
    for (const name of readdirSync(join(checkout, 'dist')).filter((file) => KEPT.test(file)))
      cpSync(join(checkout, 'dist', name), join(pack, 'dist', name));
    cpSync(join(checkout, 'LICENSE'), join(pack, 'LICENSE'));
    const kept = { version, ...Object.fromEntries(MEMBERS.map((member) => [member, manifest[member]])) };
    writeFileSync(join(pack, 'package.json'), `${JSON.stringify(kept, null, 2)}\n`);
    run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', INTO], pack);
    return `ledgerstone-${version}.tgz`;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const [commit, ...rest] = process.argv.slice(2);
if (commit === undefined || rest.length > 0) {
  console.error('Usage: npm run older -- COMMIT');
  process.exitCode = 2;
} else {
  mkdirSync(INTO, { recursive: true });
  console.log(`test/data/older/${make(commit)}`);
}
