// Does `npm run check` fail, and show all of it, whichever of its checks fails?
import { describe, expect, it } from 'vitest';
import { type Ended, sideBySide } from '../../check/side-by-side.ts';

const CHECKS = ['types', 'style', 'unused'];

async function checked(ends: Readonly<Record<string, Ended>>) {
  const begun: string[] = [];
  let [printed, begunAtFirstEnd] = ['', 0];
  const failed = await sideBySide(
    CHECKS,
    async (command) => {
      begun.push(command);
      await Promise.resolve();
      begunAtFirstEnd ||= begun.length;
      return ends[command] ?? { code: 0, output: `${command}: all good\n` };
    },
    (text) => {
      printed += text;
    },
  );
  return { failed, printed, begunAtFirstEnd };
}

describe('checks side by side', () => {
  it('begin at once, and say nothing where all is good', async () => {
    await expect(checked({})).resolves.toEqual({ failed: [], printed: '', begunAtFirstEnd: 3 });
  });

  it.each(CHECKS)('fail where %s alone fails, with all that it printed', async (command) => {
    const { failed, printed } = await checked({
      [command]: { code: 2, output: 'a.ts:1 wrong\na.ts:2 wrong\n' },
    });
    expect(failed).toEqual([command]);
    expect(printed).toBe(`a.ts:1 wrong\na.ts:2 wrong\n${command}: exit code 2\n\n`);
  });

  it('fail where one was killed', async () => {
    const { failed, printed } = await checked({ style: { code: null, output: '' } });
    expect(failed).toEqual(['style']);
    expect(printed).toContain('style: did not run to its end');
  });

  it('show each of several that fail', async () => {
    const { failed, printed } = await checked({
      types: { code: 1, output: 'a type\n' },
      unused: { code: 1, output: 'an export\n' },
    });
    expect(failed).toEqual(['types', 'unused']);
    expect(printed).toContain('a type\ntypes: exit code 1');
    expect(printed).toContain('an export\nunused: exit code 1');
  });
});
