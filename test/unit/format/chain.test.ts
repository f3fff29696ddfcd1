// Which names can chains and archives have?
import { describe, expect, it } from 'vitest';
import {
  chainOrigin,
  isChainName,
  isOrigin,
  parseChainName,
  parseChainOrigin,
} from '../../../src/format/chain.ts';

describe('a chain name', () => {
  it.each(['orders', 'audit.orders_v2-eu', '...', 'A', 'x'.repeat(249)])('can be %s', (name) => {
    expect(parseChainName(name)).toBe(name);
  });
  it.each(['', '.', '..', 'x'.repeat(250), 'a/b', 'a b', 'é', 'a\n', 'a=b', '__proto__ '])(
    'can not be %j',
    (name) => {
      expect(isChainName(name)).toBe(false);
      expect(() => parseChainName(name)).toThrowErrorMatchingSnapshot();
    },
  );
});

describe('an origin', () => {
  it.each(['audit.example.com', 'audit.example.com/prod', 'a/b/c', 'x'.repeat(200)])(
    'can be %s',
    (origin) => {
      expect(isOrigin(origin)).toBe(true);
    },
  );
  it.each(['', '/', 'a/', '/a', 'a//b', 'https://a', 'a b', 'a+b', 'a\n', 'x'.repeat(201)])(
    'can not be %j',
    (origin) => {
      expect(isOrigin(origin)).toBe(false);
    },
  );
});

describe("a chain's origin", () => {
  const id = { archiveOrigin: 'audit.example.com/prod', chain: 'orders', partition: 0 };
  it('is archive, chain and partition', () => {
    expect(chainOrigin(id)).toBe('audit.example.com/prod/orders/0');
    expect(parseChainOrigin('audit.example.com/prod/orders/0')).toEqual(id);
    expect(parseChainOrigin('a/1/2/3')).toEqual({ archiveOrigin: 'a/1', chain: '2', partition: 3 });
  });
  it.each([
    '',
    'orders/0',
    '/orders/0',
    'a/orders/',
    'a/orders/00',
    'a/orders/-1',
    'a/../0',
    'a//0',
    'a/b/2147483648',
    'a/b/0\n',
  ])('can not be %j', (text) => {
    expect(() => parseChainOrigin(text)).toThrowErrorMatchingSnapshot();
  });
  it('has no part that is wrong', () => {
    expect(() => chainOrigin({ ...id, archiveOrigin: 'a/' })).toThrowErrorMatchingSnapshot();
    expect(() => chainOrigin({ ...id, chain: '..' })).toThrowErrorMatchingSnapshot();
    expect(() => chainOrigin({ ...id, partition: 1.5 })).toThrowErrorMatchingSnapshot();
    expect(() => chainOrigin({ ...id, partition: -0 })).toThrowErrorMatchingSnapshot();
  });
});
