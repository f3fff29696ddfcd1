// Is a policy of C2SP tlog-policy read as it says, and what is wrong in one named with its line?
import { describe, expect, it } from 'vitest';
import { portableSha256 as sha256 } from '../../../src/base/hash.ts';
import { cosignerKey, encodeCosignerVkey } from '../../../src/format/cosignature.ts';
import {
  isQuorumMet,
  keysOfQuorum,
  type Policy,
  quorumText,
  readPolicy,
} from '../../../src/format/tlog-policy.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { memorySigner } from '../../support/memory-signer.ts';

const keyOf = (name: string) => memorySigner({ seed: name }).publicKey;
const [a, b, c] = ['a', 'b', 'c'].map((name) => cosignerKey(`${name}.example.com`, keyOf(name), sha256)) as [
  ReturnType<typeof cosignerKey>,
  ReturnType<typeof cosignerKey>,
  ReturnType<typeof cosignerKey>,
];
const [keyA, keyB, keyC] = [a, b, c].map(encodeCosignerVkey);
const log = verifierKey('log.example.com', keyOf('log'), sha256);
const LOG = encodeVkey(log);
const WITNESSES = [`witness A ${keyA} https://a.example.com/`, `witness B ${keyB}`, `witness C ${keyC}`];

const read = (...lines: string[]) => readPolicy(lines.join('\n'), sha256);

function policy(...lines: string[]): Policy {
  const found = read(...lines);
  if (!('quorum' in found)) throw new Error(`line ${found.line}: ${found.message}`);
  return found;
}

it('has its logs, witnesses with their addresses, and a quorum', () => {
  const found = policy('# ours', '', ` log\t${LOG} https://log.example.com/ `, ...WITNESSES, 'quorum A');
  expect(found.logs).toEqual([log]);
  expect(found.witnesses).toEqual([
    { key: a, url: 'https://a.example.com/' },
    { key: b, url: null },
    { key: c, url: null },
  ]);
  expect(found.quorum).toEqual({ kind: 'witness', key: a });
});

it('may ask nobody', () => {
  const { quorum } = policy(`log ${LOG}`, 'quorum none');
  expect(quorum).toEqual({ kind: 'none' });
  expect(isQuorumMet(quorum, [])).toBe(true);
  expect(quorumText(quorum)).toBe('nobody');
  expect(keysOfQuorum(quorum)).toEqual([]);
});

describe('a quorum', () => {
  it('of one witness is met by that one', () => {
    const { quorum } = policy(...WITNESSES, 'quorum B');
    expect([[], [a, c], [b], [a, b]].map((by) => isQuorumMet(quorum, by))).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(quorumText(quorum)).toBe('b.example.com');
    expect(keysOfQuorum(quorum)).toEqual([b]);
  });

  it.each([
    ['any', 1],
    ['1', 1],
    ['2', 2],
    ['3', 3],
    ['all', 3],
  ])('of a group needs %s', (size, least) => {
    const { quorum } = policy(...WITNESSES, `group G ${size} A B C`, 'quorum G');
    expect(quorum).toMatchObject({ kind: 'group', least });
    const many = [[], [c], [b, c], [a, b, c]];
    expect(many.map((by) => isQuorumMet(quorum, by))).toEqual(many.map(({ length }) => length >= least));
    expect(isQuorumMet(quorum, [a, a, a])).toBe(least === 1);
    expect(quorumText(quorum)).toBe(`${least} of (a.example.com, b.example.com, c.example.com)`);
    expect(keysOfQuorum(quorum)).toEqual([a, b, c]);
  });

  it('may be of groups', () => {
    const { quorum } = policy(...WITNESSES, 'group G any A B', 'group H all G C', 'quorum H');
    expect([[a, b], [c], [b, c]].map((by) => isQuorumMet(quorum, by))).toEqual([false, false, true]);
    expect(quorumText(quorum)).toBe('2 of (1 of (a.example.com, b.example.com), c.example.com)');
  });
});

describe('what is wrong is named with its line', () => {
  const wrong = (...lines: string[]) => {
    const found = read(...lines);
    return 'quorum' in found ? 'none' : `${found.line}: ${found.message}`;
  };
  const others = Array.from(
    { length: 10 },
    (_, n) => `witness W${n} ${encodeCosignerVkey(cosignerKey(`w${n}.example.com`, keyOf(`w${n}`), sha256))}`,
  );

  it.each([
    ['no quorum', [`log ${LOG}`], 'null: has no line quorum NAME'],
    ['two of them', ['quorum none', 'quorum none'], '2: one line, quorum NAME or quorum none'],
    ['a quorum of two names', [...WITNESSES, 'quorum A B'], '4: one line, quorum NAME or quorum none'],
    ['a quorum without a name', ['quorum'], '1: one line, quorum NAME or quorum none'],
    ['a quorum of nobody known', ['quorum X'], '1: "X" is not defined on a line before'],
    ['another word', ['# a', 'wittness A'], '2: "wittness" is none of log, witness, group, quorum'],
    ['a log without a key', ['log'], '1: log KEY [URL]'],
    ['a log with too much', [`log ${LOG} u v`], '1: log KEY [URL]'],
    ['a log twice', [`log ${LOG}`, `log ${LOG} u`], '2: this log is there already'],
    ['a witness without a key', ['witness A'], '1: witness NAME KEY [URL]'],
    ['a witness with too much', [`witness A ${keyA} u v`], '1: witness NAME KEY [URL]'],
    ['a witness twice', [...WITNESSES, `witness D ${keyA}`], '4: this witness is there already'],
    ['a name twice', [WITNESSES[0], `witness A ${keyB}`], '2: the name "A" is taken'],
    ['the name none', [`witness none ${keyA}`], '1: the name "none" is taken'],
    ['a group of nobody', ['group G 1'], '1: group NAME all|any|K MEMBER…'],
    ['a group of its own', ['group G 1 G'], '1: "G" is not defined on a line before'],
    ['a member twice', [...WITNESSES, 'group G 1 A A'], '4: "A" is a member already'],
    ['a member of two groups', [...WITNESSES, 'group G 1 A', 'group H 1 A'], '5: "A" is a member already'],
    ['more than there are', [...WITNESSES, 'group G 3 A B'], '4: a group of 2 can\'t ask for "3"'],
    ['none of them', [...WITNESSES, 'group G 0 A B'], '4: a group of 2 can\'t ask for "0"'],
    ['no number', [...WITNESSES, 'group G 1x A B'], '4: a group of 2 can\'t ask for "1x"'],
    ['a number in another spelling', [...WITNESSES, 'group G 01 A B'], '4: a group of 2 can\'t ask for "01"'],
    ['a group twice', [...WITNESSES, 'group G 1 A', 'group G 1 B'], '5: the name "G" is taken'],
  ] as [string, string[], string][])('%s', (_, lines, expected) => {
    expect(wrong(...lines)).toBe(expected);
  });

  it('a key of another kind', () => {
    expect(wrong(`log ${keyA}`)).toMatch(/^1: /);
    expect(wrong(`witness A ${LOG}`)).toMatch(/^1: /);
  });

  it('more than 1,000 lines', () => {
    const filled = (count: number) => ['quorum none', ...Array.from({ length: count - 1 }, () => '')];
    expect(wrong(...filled(1_000))).toBe('none');
    expect(wrong(...filled(1_001))).toBe('null: has more than 1000 lines');
  });

  it('not a group of ten', () => {
    const names = others.map((_, n) => `W${n}`).join(' ');
    expect(wrong(...others, `group G 10 ${names}`, 'quorum G')).toBe('none');
  });
});
