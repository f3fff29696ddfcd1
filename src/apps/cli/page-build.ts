// How do the sources of the page become one file that opens from a disk and asks no network for anything?
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
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
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    metafile: true,
    entryPoints: [join(PAGE, 'main.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    // Browsers of the last years: what a script of 2022 may have.
    target: ['es2022'],
    charset: 'ascii',
    // Their licences ask for the whole text of each, and not for what stands in a source: see `noticesOf`.
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
  const notices = await noticesOf(Object.keys(metafile.inputs));
  return Buffer.from(`${text.trimEnd()}\n<!--\n${notices}-->\n`);
}

/** A package's folder in the path of one of its sources, the innermost one. */
const PACKAGE = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

/** The licence of each package in the page: MIT and BSD ask that its text goes with every copy. */
async function noticesOf(sources: readonly string[]): Promise<string> {
  const folders = sources.flatMap((source) => PACKAGE.exec(source)?.[0] ?? []);
  let text = 'This page contains the following packages, each under its licence.\n';
  for (const folder of [...new Set(folders)].sort()) {
    const { name, version } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'));
    const file = (await readdir(join(ROOT, folder))).find((one) => /^licen[cs]e/i.test(one));
    if (file === undefined) throw new Error(`${folder} has no file with its licence`);
    text += `\n${name} ${version}\n\n${(await readFile(join(ROOT, folder, file), 'utf8')).trim()}\n`;
  }
  // Two hyphens would end the comment that it stands in.
  if (text.includes('--')) throw new Error('a licence would end the comment that it stands in');
  return text;
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;
