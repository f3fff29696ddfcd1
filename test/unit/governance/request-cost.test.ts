// Is each request priced as AWS prices it, and what is not charged at nothing?
import { expect, it } from 'vitest';
import { requestCost } from '../../../src/governance/request-cost.ts';

it.each([
  ['s3', 'PutObject', 'ok', 5],
  ['s3', 'PutObject', 'present', 5],
  ['s3', 'PutObjectRetention', 'ok', 5],
  ['s3', 'ListObjectVersions', 'ok', 5],
  ['s3', 'GetObject', 'ok', 0.4],
  ['s3', 'GetObjectRetention', 'absent', 0.4],
  ['s3', 'HeadBucket', 'refused', 0.4],
  ['s3', 'DeleteObject', 'ok', 0],
  ['s3', 'SomethingNew', 'ok', 5],
  ['s3', 'GetObject', 'throttled', 0],
  ['s3', 'GetObject', 'failed', 0],
  ['s3', 'GetObject', 'no-answer', 0],
  ['s3', 'PutObject', 'aborted', 0],
  ['kms', 'Sign', 'ok', 15],
  ['kms', 'GetPublicKey', 'ok', 15],
  ['kms', 'DescribeKey', 'ok', 3],
  ['kms', 'Sign', 'throttled', 0],
] as const)('%s %s, %s: US$ %d a million', (service, operation, outcome, usd) => {
  expect(requestCost(service, { operation, outcome, seconds: 1 }) * 1e6).toBeCloseTo(usd, 9);
});
