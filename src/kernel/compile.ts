// How do the sources in `assembly` become the kernel's bytes? `npm run kernel` writes them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const SOURCES = join(import.meta.dirname, 'assembly');
export const KERNEL_FILE = new URL('./kernel.generated.ts', import.meta.url);
const OUT = 'kernel.wasm';
const TEXT_COLUMNS = 96;

/**
 * `stub`: nothing is allocated, so there is no memory manager. The memory is the host's, which decides how
 * large it is. Throws with the compiler's words.
 */
const OPTIONS = ['--runtime', 'stub', '--importMemory', '--enable', 'simd', '--noAssert'];

/** The same sources and the same compiler make the same bytes. */
export async function compileKernel(sources = SOURCES): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined;
  const { error, stderr } = await asc.main([join(sources, 'index.ts'), '-O3', ...OPTIONS, '--outFile', OUT], {
    readFile: readSource,
    writeFile: (name, contents) => {
      if (name === OUT) bytes = contents as Uint8Array;
    },
  });
  if (error !== null) throw new Error(`the kernel does not compile: ${stderr.toString()}`, { cause: error });
  if (bytes === undefined) throw new Error('the compiler wrote nothing');
  return bytes;
}

/** The compiler adds an ending to names that have theirs, as imports here do. */
function readSource(name: string): string | null {
  try {
    return readFileSync(name.replace(/\.ts\.ts$/, '.ts'), 'utf8');
  } catch {
    return null;
  }
}

/** The file that holds the bytes. */
export function kernelFileText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64');
  const rows = text.match(new RegExp(`.{1,${TEXT_COLUMNS}}`, 'g')) ?? [];
  return [
    '// Which bytes is the kernel? Made by `npm run kernel` from src/kernel/assembly: change that, and not this.',
    `/** WebAssembly of ${bytes.length} bytes, in base64. */`,
    'export const KERNEL_BASE64 = [',
    ...rows.map((row) => `  '${row}',`),
    "].join('');",
    '',
  ].join('\n');
}

if (import.meta.main) writeFileSync(KERNEL_FILE, kernelFileText(await compileKernel()));
