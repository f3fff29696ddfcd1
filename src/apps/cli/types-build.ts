// Which declarations does a program need that imports the library?
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';

/** Where one declaration file names another: `from './x.ts'`, `import('./x.ts')`. */
const IMPORT = /((?:from|import\()\s*['"])(\.{1,2}\/[^'"]+)\.[jt]s(['"])/g;

/** Writes the declarations of src/index.ts, and of what they name and no more, below `out`. */
export async function writeTypes(root: string, out: string): Promise<void> {
  const made = await mkdtemp(join(tmpdir(), 'ledgerstone-types-'));
  try {
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const config = {
      extends: join(root, 'tsconfig.json'),
      files: [join(root, 'src', 'index.ts')],
      include: [],
    };
    const options = {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: root,
      outDir: made,
    };
    const typeRoots = [join(root, 'node_modules', '@types')];
    const project = join(made, 'tsconfig.json');
    await writeFile(project, JSON.stringify({ ...config, compilerOptions: { ...options, typeRoots } }));
    await promisify(execFile)(process.execPath, [tsc, '-p', project]);
    await copyNamed(join(made, 'src'), out);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

async function copyNamed(from: string, to: string): Promise<void> {
  const waiting = ['index'];
  const seen = new Set(waiting);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const text = await readFile(join(from, `${name}.d.ts`), 'utf8');
    for (const [, , target = ''] of text.matchAll(IMPORT)) {
      const named = posix.join(posix.dirname(name), target);
      if (!seen.has(named)) waiting.push(named);
      seen.add(named);
    }
    await mkdir(dirname(join(to, name)), { recursive: true });
    await writeFile(join(to, `${name}.d.ts`), text.replace(IMPORT, '$1$2.js$3'));
  }
}
