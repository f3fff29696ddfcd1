// What does one request cost at list prices? By its operation, and by whether AWS charges for its answer.
import type { Request } from '../base/node/requests.ts';
import { REQUEST_PRICES } from './prices.ts';

/** Answers that are charged. What AWS could not or would not do yet is not. */
const CHARGED: readonly Request['outcome'][] = ['ok', 'absent', 'present', 'refused'];

/** US$. An operation that is not known costs what the dearest of its service does. */
export function requestCost(service: 's3' | 'kms', { operation, outcome }: Request): number {
  if (!CHARGED.includes(outcome)) return 0;
  return (service === 's3' ? priceOfS3(operation) : priceOfKms(operation)) / 1e6;
}

function priceOfS3(operation: string): number {
  if (operation.startsWith('Delete')) return 0;
  return /^(?:Get|Head)/.test(operation) ? REQUEST_PRICES.get : REQUEST_PRICES.put;
}

/** Of an asymmetric key all but its settings cost the same. */
const priceOfKms = (operation: string): number =>
  operation === 'DescribeKey' ? REQUEST_PRICES.keySettings : REQUEST_PRICES.sign;
