// Does the store that a configuration names become what the S3 client takes?
import { expect, it } from 'vitest';
import { storeOf } from '../../../src/config/connections.ts';
import { store } from '../../../src/config/connections-schema.ts';

const parsed = (more: object) =>
  storeOf(
    store.parse({ kind: 's3', bucket: 'audit', region: 'eu-west-1', ...more }),
    (path) => `/etc/${path}`,
  );

it('with nothing said, nothing is decided', () => {
  expect(parsed({})).toEqual({ kind: 's3', bucket: 'audit', region: 'eu-west-1', prefix: '' });
});

it('an authority is a file beside the configuration, and the style of addresses is as it says', () => {
  expect(parsed({ caFile: 'ca.pem', pathStyle: false })).toMatchObject({
    ...{ caFile: '/etc/ca.pem', forcePathStyle: false },
  });
  expect(parsed({ pathStyle: true })).toMatchObject({ forcePathStyle: true });
  expect(parsed({ pathStyle: true })).not.toHaveProperty('pathStyle');
});
