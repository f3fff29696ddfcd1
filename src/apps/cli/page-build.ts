// How do the sources of the page become one file that opens from a disk and asks no network for anything?
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PAGE = join(ROOT, 'src', 'evidence', 'page');

/**
 * The page, made anew from its sources: the same sources give the same bytes. In a checkout alone: the built
 * package has the finished page.
 */
export async function buildPage(): Promise<Uint8Array> {
  // A tool of development: who installs the package has none.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(PAGE, 'main.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    // Browsers of the last years: what a script of 2022 may have.
    target: ['es2022'],
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const script = outputFiles[0]?.text.trim() ?? '';
  if (/<\/script|<!--/i.test(script)) throw new Error('the script would end the element that it stands in');
  const [template, style] = await Promise.all([
    readFile(join(PAGE, 'template.html'), 'utf8'),
    readFile(join(PAGE, 'style.css'), 'utf8'),
  ]);
  const made = { style: style.trim(), script };
  const text = template
    .replace('STYLE-HASH', () => hashOf(made.style))
    .replace('SCRIPT-HASH', () => hashOf(made.script))
    .replace('<style></style>', () => `<style>${made.style}</style>`)
    .replace('<script></script>', () => `<script>${made.script}</script>`);
  return Buffer.from(text);
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;
