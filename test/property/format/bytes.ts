// Which bytes are good at breaking a parser?
import fc from 'fast-check';

type Edit = {
  readonly kind: 'set' | 'insert' | 'delete' | 'repeat';
  readonly at: number;
  readonly byte: number;
};

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('set' as const, 'insert' as const, 'delete' as const, 'repeat' as const),
  at: fc.nat(),
  byte: fc.oneof(
    fc.nat(255),
    fc.constantFrom(...'{}[],:"\\ \n\r0123456789-e+=/u'.split('').map((char) => char.charCodeAt(0))),
  ),
});

function apply(bytes: Uint8Array, { kind, at, byte }: Edit): Uint8Array {
  const index = bytes.length === 0 ? 0 : at % bytes.length;
  const before = [...bytes.subarray(0, index)];
  const after = [...bytes.subarray(index)];
  if (kind === 'insert') return new Uint8Array([...before, byte, ...after]);
  if (kind === 'delete') return new Uint8Array([...before, ...after.slice(1)]);
  if (kind === 'repeat') return new Uint8Array([...before, ...after.slice(0, 9), ...after]);
  return new Uint8Array([...before, byte, ...after.slice(1)]);
}

/** One to three edits of good bytes: what nearly passes. */
export const mutated = (good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(good, fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([bytes, edits]) => edits.reduce(apply, bytes));
