// Which bugs does the simulation find, and how soon? `node test/fault/bugs/main.ts [--runs N] [--table FILE] [NAME …]`
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { BUGS } from './bugs.ts';
import { huntAll, type Outcome, outcomeText } from './start-hunt.ts';

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '2000' }, table: { type: 'string' } },
  allowPositionals: true,
});
const chosen = BUGS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const outcomes = new Map<string, Outcome>();
const names = chosen.map(({ name }) => name);
await huntAll(names, { runs: Number(values.runs), limitMs: 600_000, side: 2 }, (name, outcome) => {
  outcomes.set(name, outcome);
  console.log(`${name.padEnd(34)} ${outcomeText(outcome).slice(0, 260)}`);
});
const caught = [...outcomes.values()].filter(({ kind }) => kind === 'caught').length;
console.log(`${caught} of ${names.length} caught`);
if (values.table !== undefined) await writeFile(values.table, table());
process.exitCode = caught === names.length && caught > 0 ? 0 : 1;

function table(): string {
  const cell = (text: string) => text.slice(0, 150).replaceAll('|', '\\|');
  const rows = chosen.map(({ name, loses }) => {
    const outcome = outcomes.get(name);
    const found =
      outcome?.kind === 'caught' ? `${outcome.seed} | ${cell(outcome.problem)}` : `– | ${outcome?.kind}`;
    return `| \`${name}\` | ${cell(loses)} | ${found} |`;
  });
  return `# Seeded bugs, and what the simulation says of each

Written by \`node test/fault/bugs/main.ts --table test/fault/bugs/FOUND.md\`. The seed is the first one whose run shows the
problem that the bug is known by; it changes whenever the simulation does.

| bug | what would be lost | seed | the simulation's word |
|---|---|---|---|
${rows.join('\n')}
`;
}
