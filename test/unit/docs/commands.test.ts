// Is every command block of the documentation in a class, and does all that it names exist?
import { describe, expect, it } from 'vitest';
import { CLASSES } from '../../support/docs/classes.ts';
import { commandsOf, problemsOf } from '../../support/docs/commands.ts';
import { commandBlocks, PAGES } from '../../support/docs/pages.ts';

/** The specification has commands of other programs; test/vectors/format-example.test.ts runs them. */
const pages = PAGES.filter((page) => page !== 'src/format/FORMAT.md');

describe('command blocks', () => {
  it.each(pages)('of %s are each in one class', (page) => {
    const firsts = commandBlocks(page).map(({ lines }) => lines[0]);
    expect([...firsts].sort()).toEqual(Object.keys(CLASSES[page] ?? {}).sort());
  });

  it('are those of pages that there are', () => {
    expect(Object.keys(CLASSES).filter((page) => !pages.includes(page))).toEqual([]);
  });

  it.each(pages.flatMap(commandBlocks))('of $page name what exists: $lines.0', async ({ lines }) => {
    expect(lines.length).toBeGreaterThan(0);
    expect((await Promise.all(lines.map(problemsOf))).flat()).toEqual([]);
  });
});

describe('what does not exist is noticed', () => {
  it.each([
    ['ledgerstone verfy ./archive', 'no command verfy'],
    ['ledgerstone verify ./archive --keys a.vkey', 'no option --keys'],
    ['npx ledgerstone verify ./archive --key --json', '--key needs a value'],
    ['ledgerstone get a | ledgerstone check p --entries -', 'no option --entries'],
    ['ledgerstone report loses ./archive', 'no command report loses'],
    ['ledgerstone report losses ./archive --outs a', 'report losses has no option --outs'],
    ['npm run stacks', 'no script stacks'],
    ['npm run demo -- --stacks', 'no option --stacks'],
    ['npm run stack -- begin', 'knows no begin'],
    ['npm run chaos -- --records 5 --seconds 9', 'no option --seconds'],
    ['npx vitest run --project units', 'no test project units'],
    ['npx vitest run --project unit test/unit/nowhere', 'no test/unit/nowhere'],
    ['npx node test/fault/bugs/main.ts no-such-bug', 'knows no no-such-bug'],
    ['npx no-such-tool', 'no no-such-tool'],
    ['cp infra/nothing.yaml infra/config.yaml', 'no infra/nothing.yaml'],
    ['runuser -u ledgerstone -- ledgerstone doctors', 'no command doctors'],
    ['rm -rf .', 'what is rm'],
  ])('%s', async (line, said) => {
    expect(await problemsOf(line)).toEqual([expect.stringContaining(said)]);
  });

  it('in each command of a line', () => {
    expect(commandsOf('A=1 npm ci && b "c | d" > e; f \'g h\' | i')).toEqual([
      ['npm', 'ci'],
      ['b', 'c | d'],
      ['f', 'g h'],
      ['i'],
    ]);
  });
});
