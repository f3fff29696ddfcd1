// Which pages does the documentation have, and which command blocks, links and headings do they hold?
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../../..');

const tracked = (...patterns: string[]): string[] =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', ...patterns], {
    cwd: ROOT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '');

/** Every Markdown page that people read: the corpus and the sample data have their own. */
export const PAGES: readonly string[] = tracked('*.md').filter((file) => !file.startsWith('test/data/'));

const FENCE = /^( *)(```+)([a-z]*)\n([\s\S]*?)^\1\2 *$/gm;

export const pageText = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** The page without its fenced blocks, where a `#` begins a comment and no heading. */
const prose = (text: string): string => text.replace(FENCE, '');

export type Block = {
  readonly page: string;
  /** Its commands, one a line, without the indent of a list and without comments. */
  readonly lines: readonly string[];
  readonly text: string;
};

/** Every block that a reader may copy into a shell. */
export const commandBlocks = (page: string): Block[] =>
  [...pageText(page).matchAll(FENCE)]
    .filter(([, , , language]) => language === 'sh')
    .map(([, indent = '', , , body = '']) => {
      const text = body.replace(new RegExp(`^${indent}`, 'gm'), '');
      return { page, text, lines: linesOf(text) };
    });

/** A line that ends with `\` or `|` goes on in the next one. What `<<EOF` begins is no command. */
const linesOf = (text: string): string[] =>
  text
    .replace(/(<<(\w+)\n)[\s\S]*?\n\2(?=\n|$)/g, '$1')
    .replace(/\\\n\s*/g, '')
    .replace(/\|\n\s*/g, '| ')
    .split('\n')
    .map((line) => withoutComment(line).trim())
    .filter((line) => line !== '');

function withoutComment(line: string): string {
  const comment = /^((?:[^"'#]|"[^"]*"|'[^']*'|\S#)*?)(?:(?:^|\s)#.*)$/.exec(line);
  return comment?.[1] ?? line;
}

export type Link = { readonly page: string; readonly target: string };

/** Links and pictures of the page that lead into this repository. */
export const relativeLinks = (page: string): Link[] =>
  [...prose(pageText(page)).matchAll(/\]\(<?([^)\s>]+)>?\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => ({ page, target }));

/** Names of source files and pages between backticks, with or without their folder. */
export const namedFiles = (page: string): string[] =>
  [...prose(pageText(page)).matchAll(/`([\w./-]+\.(?:ts|cjs|mjs|md))`/g)].map(([, name = '']) => name);

/** Every file of the repository that Git knows, or would take. */
export const FILES: readonly string[] = tracked();

/** The anchors of a page's headings, as hosting platforms make them. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const counts = new Map<string, number>();
  for (const [, heading = ''] of prose(pageText(page)).matchAll(/^#{1,6} +(.+)$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}
