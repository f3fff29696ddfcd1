// Which bugs does the simulation find, and how soon? `node test/fault/bugs/main.ts [--runs N] [NAME …]`
import { parseArgs } from 'node:util';
import { BUGS } from './bugs.ts';
import { huntAll, outcomeText } from './start-hunt.ts';

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '2000' } },
  allowPositionals: true,
});
const names = positionals.length > 0 ? positionals : BUGS.map(({ name }) => name);
let missed = 0;
await huntAll(names, { runs: Number(values.runs), limitMs: 600_000, side: 2 }, (name, outcome) => {
  if (outcome.kind !== 'caught') missed += 1;
  console.log(`${name.padEnd(30)} ${outcomeText(outcome).slice(0, 300)}`);
});
console.log(`${names.length - missed} of ${names.length} caught`);
process.exitCode = missed === 0 ? 0 : 1;
