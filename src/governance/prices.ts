// What does a month of storage cost, and what a million requests? The one place of list prices.

/**
 * US$ for a GB (10^9 bytes) and month, the first 50 TB, us-east-1, as published in March 2026. Other Regions,
 * requests, retrieval and the least time of some classes are not in them: https://aws.amazon.com/s3/pricing/.
 */
export const STORAGE_PRICES = {
  asOf: '2026-03',
  region: 'us-east-1',
  classes: [
    { name: 'STANDARD', usd: 0.023 },
    { name: 'STANDARD_IA', usd: 0.0125 },
    { name: 'GLACIER_IR', usd: 0.004 },
    { name: 'DEEP_ARCHIVE', usd: 0.00099 },
  ],
} as const;

/**
 * US$ for a million, and for a key and month: as above, and https://aws.amazon.com/kms/pricing/,
 * /cloudtrail/pricing/, /lambda/pricing/ and /step-functions/pricing/. How each was checked:
 * docs/measured.md, list prices.
 */
export const REQUEST_PRICES = {
  ...{ asOf: STORAGE_PRICES.asOf, region: STORAGE_PRICES.region },
  /** PUT and LIST of S3 STANDARD. */
  put: 5,
  /** GET, HEAD and all others. */
  get: 0.4,
  /** With an asymmetric key. One page of others states 3. */
  sign: 15,
  keySettings: 3,
  /** A data event that CloudTrail writes. */
  trailEvent: 1,
  keyMonth: 1,
  /** Of Lambda on arm64, and a million GB-seconds of it (the first 7.5 billion a month). */
  call: 0.2,
  gbSeconds: 13.3334,
  /** Of a standard workflow of Step Functions. */
  transition: 25,
} as const;

export type ClassCost = { readonly name: string; readonly usd: number };

/** Of so many bytes for so many months of 30.44 days, in each class; whole cents. */
export const storageCosts = (bytes: number, months: number): ClassCost[] =>
  STORAGE_PRICES.classes.map(({ name, usd }) => ({
    name,
    usd: Math.round((bytes / 1e9) * months * usd * 100) / 100,
  }));
