// How do the results of benches become a page that people read? One table for each bench, from its JSON.

/** One bench's JSON line, with when and on what it was measured. */
export type Recorded = {
  readonly bench: string;
  readonly measured: { readonly date: string; readonly node: string; readonly machine: string };
  readonly [name: string]: unknown;
};

type Row = Readonly<Record<string, unknown>>;

const HEAD = `# Figures

Made from [bench/results.jsonl](../bench/results.jsonl) by \`npm run bench -- --record NAME\`: what each bench printed when it last
ran so. What the figures mean, and what they are compared with: [measured.md](measured.md).
`;

/** The page, from the lines in the order given. */
export function figuresPage(results: readonly Recorded[]): string {
  return `${HEAD}\n${results.map(section).join('\n')}`;
}

function section({ bench, measured, results, ...rest }: Recorded): string {
  const { date, node, machine } = measured;
  const plain = Object.entries(rest).filter(([, value]) => typeof value !== 'object' || value === null);
  const nested = Object.entries(rest).filter(([, value]) => typeof value === 'object' && value !== null);
  const tables = [
    ...(plain.length === 0 ? [] : [table([Object.fromEntries(plain)])]),
    ...(Array.isArray(results) ? [table(results as Row[])] : []),
    ...nested.map(([name, value]) => `${name}:\n\n${table(Array.isArray(value) ? value : [value as Row])}`),
  ];
  return `## ${bench}\n\n${date}, Node ${node}, ${machine}.\n\n${tables.join('\n')}`;
}

function table(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [names, ...rows.map((row) => names.map((name) => textOf(row[name])))];
  const widths = names.map((_, at) => Math.max(3, ...cells.map((row) => (row[at] as string).length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((text, at) => text.padEnd(widths[at] as number)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return `${[line(head), rule, ...body.map(line)].join('\n')}\n`;
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'number') return Number(value.toFixed(3)).toLocaleString('en-US');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
