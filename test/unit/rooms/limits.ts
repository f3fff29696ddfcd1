// Is a source file small enough, well named, and part of no circle of imports?
import { posix } from 'node:path';
import { importsOf } from './imports.ts';
import { parse, visit } from './syntax.ts';

export const LIMITS = { fileLines: 300, functionLines: 70, commentColumns: 110, codeColumns: 120 } as const;

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = new Set(['utils', 'util', 'helpers', 'common', 'misc', 'shared', 'services', 'types']);

/** Something that is too big: where, and by which measure. */
export type Excess = { readonly file: string; readonly what: string; readonly size: number };

export const lineCount = (source: string): number =>
  source.split('\n').length - (source.endsWith('\n') ? 1 : 0);

export function longFile(file: string, source: string): Excess[] {
  const size = lineCount(source);
  return size > LIMITS.fileLines ? [{ file, what: 'lines', size }] : [];
}

/** Functions, methods and arrow functions, from their first line to their last. */
export function longFunctions(file: string, source: string): Excess[] {
  const lineAt = lineFinder(source);
  const found: Excess[] = [];
  visit(parse(file, source).program, (node) => {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return;
    const first = lineAt(node.start);
    const size = lineAt(node.end - 1) - first + 1;
    if (size > LIMITS.functionLines) found.push({ file, what: `function at line ${first}`, size });
  });
  return found;
}

/** Lines of comments, and lines of code that end in one. */
export function wideComments(file: string, source: string): Excess[] {
  const lineAt = lineFinder(source);
  const lines = source.split('\n');
  const found: Excess[] = [];
  for (const { start, end } of parse(file, source).comments) {
    for (let number = lineAt(start); number <= lineAt(end - 1); number++) {
      const size = lines[number - 1]?.length ?? 0;
      if (size > LIMITS.commentColumns) found.push({ file, what: `comment at line ${number}`, size });
    }
  }
  return found;
}

/**
 * Lines of code. Not those of a text over several lines, which is printed as it stands, of a regular expression, and of
 * a long word, such as a key in hex.
 */
export function wideCode(file: string, source: string): Excess[] {
  const lines = source.split('\n');
  const wide = lines.flatMap((line, index) => (line.length > LIMITS.codeColumns ? [index + 1] : []));
  if (wide.length === 0) return [];
  const lineAt = lineFinder(source);
  const free = new Set<number>();
  visit(parse(file, source).program, ({ type, start, end, regex, value }) => {
    const [first, last] = [lineAt(start), lineAt(end - 1)];
    const isText = type === 'TemplateLiteral' && last > first;
    const isWord =
      type === 'Literal' && typeof value === 'string' && value.length > 80 && !value.includes(' ');
    if (!isText && regex === undefined && !isWord) return;
    for (let line = first; line <= last; line++) free.add(line);
  });
  return wide
    .filter((line) => !free.has(line))
    .map((line) => ({ file, what: `code at line ${line}`, size: (lines[line - 1] as string).length }));
}

/** The folders and the file of a path that have an empty name. */
export const emptyNames = (file: string): string[] =>
  file.split('/').filter((part) => EMPTY_NAMES.has(part.replace(/\..*$/, '').toLowerCase()));

/** The files that each file imports: static, dynamic and type-only imports. */
export function importGraph(sources: ReadonlyMap<string, string>): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const [file, source] of sources) {
    const relative = importsOf(file, source).filter(({ specifier }) => specifier.startsWith('.'));
    const targets = relative.map(({ specifier }) => posix.join(posix.dirname(file), specifier));
    graph.set(file, targets);
  }
  return graph;
}

/**
 * One circle for each knot of files that import each other: its files in the order of the imports, the first one
 * twice.
 */
export function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const known = new Set<string>();
  for (const file of imports.keys()) {
    if (known.has(file)) continue;
    const way = wayBack(file, imports);
    if (way === null) continue;
    found.push(way);
    for (const one of way) known.add(one);
  }
  return found;
}

/** The shortest way along imports from a file to itself. */
function wayBack(from: string, imports: ReadonlyMap<string, readonly string[]>): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [from];
  for (const file of queue) {
    for (const target of imports.get(file) ?? []) {
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, file);
      if (target === from) return wayTo(from, cameFrom);
      queue.push(target);
    }
  }
  return null;
}

function wayTo(file: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [file];
  let at = cameFrom.get(file);
  for (; at !== undefined && at !== file; at = cameFrom.get(at)) way.unshift(at);
  return [file, ...way];
}

/** Which line, counted from 1, a character is on. */
function lineFinder(source: string): (offset: number) => number {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return high;
  };
}
