// Is what stands where a password belongs in no message, whatever it does to the file?
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PASSWORD_PLACES, problemsOf } from '../../support/config-file.ts';

it('no text of a value is ever repeated, whatever the password', () => {
  const piece = fc.oneof(
    fc.constantFrom('zqjx', 'vkhw'),
    fc.constantFrom(...'*&!|>%@`"\'#,[]{}:?-$~<=\\ \t\n', ': ', ', ', ' #', '${', '!!', '---'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom(...PASSWORD_PLACES), (pieces, place) => {
      const password = pieces.join('');
      // A variable that is the whole value is named.
      fc.pre(!/\$\{(?:zqjx|vkhw)+\}/.test(password));
      const problems = problemsOf(place(password));
      expect(problems.join('\n').toLowerCase()).not.toMatch(/zqjx|vkhw/);
    }),
    { numRuns: 1000 },
  );
});
