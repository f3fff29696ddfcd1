// What is hashed to draw a record? (docs/sampling.md)
import { expect, it } from 'vitest';
import { utf8Text } from '../../../src/base/bytes.ts';
import { rankInput } from '../../../src/format/sample-rank.ts';

it('the rule, the seed, the chain and the offset, each on its line', () => {
  expect(utf8Text(rankInput({ text: 'dice', root: 'ab' }, 'a.example/orders/0', 7))).toBe(
    'ledgerstone/sample/1\ndice\nab\na.example/orders/0\n7\n',
  );
});
