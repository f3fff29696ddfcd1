// Are the kernel's bytes what its sources compile to today, and does the archiver go on where they can't run?
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBase64 } from '../../../src/base/bytes.ts';
import { compileKernel, KERNEL_FILE, kernelFileText } from '../../../src/kernel/compile.ts';
import { KERNEL_BASE64 } from '../../../src/kernel/kernel.generated.ts';
import { Kernel } from '../../../src/kernel/kernel.ts';

const SOURCES = join(import.meta.dirname, '../../../src/kernel/assembly');
const copy = mkdtempSync(join(tmpdir(), 'kernel-'));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe('the generated file', () => {
  it('is what the sources compile to', async () => {
    const compiled = kernelFileText(await compileKernel());
    expect(readFileSync(KERNEL_FILE, 'utf8'), 'stale: run `npm run kernel`').toBe(compiled);
  });

  it('would be another one, were a source another', async () => {
    cpSync(SOURCES, copy, { recursive: true });
    const file = join(copy, 'json.ts');
    const source = readFileSync(file, 'utf8');
    writeFileSync(file, source.replace('DEPTH_MAX: i32 = 63', 'DEPTH_MAX: i32 = 62'));
    const bytes = await compileKernel(copy);
    expect(Buffer.from(bytes).equals(fromBase64(KERNEL_BASE64))).toBe(false);
  });

  it('is not made of sources that are wrong', async () => {
    writeFileSync(join(copy, 'json.ts'), 'export function holdsJson(): i32 { return nothing; }');
    await expect(compileKernel(copy)).rejects.toThrow("Cannot find name 'nothing'");
  });
});

describe('a host', () => {
  // As JavaScript: without WebAssembly Node itself strips no types.
  const script = join(copy, 'open.mjs');
  beforeAll(async () => {
    const contents =
      "import { Kernel } from './kernel.ts'; console.log(Kernel.open() === null ? 'none' : 'kernel');";
    const stdin = { contents, resolveDir: join(SOURCES, '..') };
    await build({ stdin, outfile: script, bundle: true, format: 'esm', platform: 'node' });
  });

  it.each([
    ['with WebAssembly and SIMD', [], 'kernel'],
    ['that has no WebAssembly', ['--jitless'], 'none'],
  ] as const)('%s', (_name, flags, expected) => {
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, script], { encoding: 'utf8' });
    expect(stdout.trim(), stderr).toBe(expected);
  });

  it('whose WebAssembly has no SIMD', () => {
    const { validate } = WebAssembly;
    WebAssembly.validate = () => false;
    try {
      expect(Kernel.open()).toBeNull();
    } finally {
      WebAssembly.validate = validate;
    }
  });
});
