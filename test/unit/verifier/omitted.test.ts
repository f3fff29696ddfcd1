// Are findings told of that found no room in the list, where several of one place are one entry?
import { expect, it } from 'vitest';
import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { chooseEntries, isMore } from '../../../src/verifier/findings/bounds.ts';
import { chainScope } from '../../../src/verifier/findings/record.ts';
import { FindingList } from '../../../src/verify/finding-list.ts';
import { PLACE } from '../../support/verifier-world.ts';

it('counts what was given, not what became of it', () => {
  const list = new FindingList();
  for (let sequence = 0; sequence < 200; sequence++) {
    for (const found of ['count', 'before']) {
      list.add({ code: 'count-mismatch', expected: null, found }, { key: `seal ${sequence}`, sequence });
    }
  }
  const history = { latest: new Map(), openings: new Map() };
  const { listed } = chooseEntries(chainScope(PLACE), list.list(), list.omitted, history, nodeSha256);
  expect([...listed.values()].filter(isMore)).toMatchObject([
    { code: 'count-mismatch', found: '300 more than have an entry of their own' },
  ]);
});
