// Is a value judged by its bytes as it is judged by its text?
import { expect, it } from 'vitest';
import { utf8 } from '../../../../src/base/bytes.ts';
import { quickTest, valueTest } from '../../../../src/read/find/condition.ts';
import { decodedString } from '../../../../src/read/find/json-skip.ts';

it('judges a value by its bytes as it judges its text', () => {
  const values = ['1', '1.0', '01', '-0', '0', '10', '1e1', 'a', 'é', '\\u0061', 'true', '', 'null', 'x"y'];
  const kinds = [
    ['string', [...values.map((one) => JSON.stringify(one).slice(1, -1)), '\\u0061', '\\u0031', '\\u00e9']],
    ['number', ['1', '1.0', '-0', '0', '10', '1e1', '10e-1', '100E-1', '12', '0.1e2', '-1']],
    ['other', ['true', 'false', 'null']],
  ] as const;
  let said = 0;
  for (const value of values) {
    const [plain, quick] = [valueTest({ operator: '=', value }), quickTest({ operator: '=', value })];
    for (const [kind, written] of kinds) {
      for (const text of written) {
        const bytes = utf8(`x${text}x`);
        const answer = quick?.(kind, bytes, 1, bytes.length - 1) ?? null;
        if (answer === null) continue;
        said++;
        expect([value, kind, text, answer]).toEqual([
          ...[value, kind, text, plain(decodedString(bytes, 1, bytes.length - 1), kind)],
        ]);
      }
    }
  }
  expect(said).toBeGreaterThan(200);
});
