// How is the syntax tree of a source file read?
import { parseSync } from 'oxc-parser';

export type Node = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [member: string]: unknown;
};
/** Both ends count characters of the source; `end` lies behind the last one. */
type Span = { readonly start: number; readonly end: number };

type Parsed = { readonly program: unknown; readonly comments: readonly Span[] };

/** Several rules look at one file after the other. Of more files than that, the trees would fill the memory. */
let latest = { file: '', source: '', parsed: { program: null, comments: [] } as Parsed };

/** Throws on what does not parse. */
export function parse(file: string, source: string): Parsed {
  if (file === latest.file && source === latest.source) return latest.parsed;
  const { program, comments, errors } = parseSync(file, source);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  latest = { file, source, parsed: { program, comments } };
  return latest.parsed;
}

/** Calls `at` for each node of a syntax tree. */
export function visit(node: unknown, at: (node: Node) => void): void {
  if (Array.isArray(node)) for (const one of node) visit(one, at);
  else if (typeof node === 'object' && node !== null) {
    if (typeof (node as Node).type === 'string') at(node as Node);
    for (const value of Object.values(node)) visit(value, at);
  }
}
