// What does a month of storage cost? The one place of list prices of S3's classes.

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

export type ClassCost = { readonly name: string; readonly usd: number };

/** Of so many bytes for so many months of 30.44 days, in each class; whole cents. */
export const storageCosts = (bytes: number, months: number): ClassCost[] =>
  STORAGE_PRICES.classes.map(({ name, usd }) => ({
    name,
    usd: Math.round((bytes / 1e9) * months * usd * 100) / 100,
  }));
