// Which small mistakes can be planted in a source file?
import { type Node, parse } from '../unit/rooms/syntax.ts';

/** One change of one piece of source text. */
export type Mutant = {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
};

const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
  '|=': ['&='],
  '&=': ['|='],
};

const METHODS: Readonly<Record<string, string>> = {
  min: 'max',
  max: 'min',
  floor: 'ceil',
  ceil: 'floor',
  some: 'every',
  every: 'some',
  startsWith: 'endsWith',
  endsWith: 'startsWith',
  indexOf: 'lastIndexOf',
  lastIndexOf: 'indexOf',
};

/** Syntax of types around an expression: only the expression runs. */
const AROUND_VALUES = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression']);

type Edit = { readonly start: number; readonly end: number; readonly after: string };

/** In the order of the source, and always the same ones for the same source. Types and imports are left alone. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const found: Mutant[] = [];
  visitCode(parse(file, source).program, (node) => {
    for (const edit of editsOf(node, source)) {
      const before = source.slice(edit.start, edit.end);
      const line = source.slice(0, edit.start).split('\n').length;
      if (before !== edit.after) found.push({ file, line, before, ...edit });
    }
  });
  return found.sort((a, b) => a.start - b.start || a.end - b.end || (a.after < b.after ? -1 : 1));
}

export const mutated = (source: string, { start, end, after }: Mutant): string =>
  source.slice(0, start) + after + source.slice(end);

function visitCode(node: unknown, at: (node: Node) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const one of node) visitCode(one, at);
  } else if (AROUND_VALUES.has((node as Node).type)) {
    visitCode((node as Node)['expression'], at);
  } else if (!isLeftAlone(node as Node)) {
    at(node as Node);
    for (const [member, value] of Object.entries(node)) {
      // A member's name is no text of its own.
      if (member !== 'key' || (value as Node).type !== 'Literal') visitCode(value, at);
    }
  }
}

const isLeftAlone = (node: Node): boolean =>
  node.type?.startsWith('TS') || node.type === 'ImportDeclaration' || isExportFrom(node);

const isExportFrom = (node: Node): boolean =>
  node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && Boolean(node['source']));

function editsOf(node: Node, source: string): Edit[] {
  const { start, end } = node;
  const without = [{ start, end, after: ';' }];
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'AssignmentExpression':
      return operatorEdits(node, source);
    case 'UnaryExpression':
      return node['operator'] === '!' || node['operator'] === '-'
        ? [{ start, end: start + 1, after: '' }]
        : [];
    case 'UpdateExpression':
      return updateEdits(node);
    case 'IfStatement':
    case 'ConditionalExpression':
      return [...testEdits(node, 'true'), ...testEdits(node, 'false')];
    case 'WhileStatement':
    case 'ForStatement':
      return testEdits(node, 'false');
    case 'Literal':
      return literalEdits(node, source);
    case 'TemplateLiteral':
      return [{ start, end, after: '``' }];
    case 'ReturnStatement':
      return node['argument'] ? [] : without;
    case 'ExpressionStatement':
    case 'ThrowStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return without;
    case 'CallExpression':
      return methodEdits(node);
    default:
      return [];
  }
}

function operatorEdits(node: Node, source: string): Edit[] {
  const { left, right, operator } = node as unknown as { left: Node; right: Node; operator: string };
  const start = source.indexOf(operator, left.end);
  if (start < 0 || start > right.start) return [];
  return (OPERATORS[operator] ?? []).map((after) => ({ start, end: start + operator.length, after }));
}

function updateEdits(node: Node): Edit[] {
  const start = node['prefix'] === true ? node.start : node.end - 2;
  return [{ start, end: start + 2, after: node['operator'] === '++' ? '--' : '++' }];
}

function testEdits(node: Node, after: string): Edit[] {
  const test = node['test'] as Node | null;
  return test === null ? [] : [{ start: test.start, end: test.end, after }];
}

function literalEdits(node: Node, source: string): Edit[] {
  const { start, end } = node;
  const { value, regex } = node as { value?: unknown; regex?: { readonly pattern: string } | null };
  if (typeof value === 'boolean') return [{ start, end, after: String(!value) }];
  if (typeof value === 'number') return [{ start, end, after: String(value + 1) }];
  if (typeof value === 'bigint') return [{ start, end, after: `${value + 1n}n` }];
  if (typeof value === 'string') return [{ start, end, after: value === '' ? "'!'" : "''" }];
  if (!regex) return [];
  const text = source.slice(start, end);
  const dollar = text.lastIndexOf('$/');
  return [
    ...(regex.pattern.startsWith('^') ? [{ start, end, after: text.replace('/^', '/') }] : []),
    ...(dollar > 0 ? [{ start, end, after: text.slice(0, dollar) + text.slice(dollar + 1) }] : []),
  ];
}

function methodEdits(node: Node): Edit[] {
  const callee = node['callee'] as Node;
  if (callee.type !== 'MemberExpression' || callee['computed'] === true) return [];
  const { start, end, name } = callee['property'] as Node & { readonly name: string };
  const after = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  return after === undefined ? [] : [{ start, end, after }];
}
