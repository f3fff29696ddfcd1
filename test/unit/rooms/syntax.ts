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

/** Throws on what does not parse. */
export function parse(file: string, source: string): { program: unknown; comments: readonly Span[] } {
  const { program, comments, errors } = parseSync(file, source);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  return { program, comments };
}

/** Calls `at` for each node of a syntax tree. */
export function visit(node: unknown, at: (node: Node) => void): void {
  if (Array.isArray(node)) for (const one of node) visit(one, at);
  else if (typeof node === 'object' && node !== null) {
    if (typeof (node as Node).type === 'string') at(node as Node);
    for (const value of Object.values(node)) visit(value, at);
  }
}
