// How is a full pass spread over many workers: where do they leave what they found, and who reads how much?
import { z } from 'zod';
import { MIB } from '../base/limits.ts';
import { period } from './archiver-schema.ts';
import { store } from './connections-schema.ts';
import { forms, sizeBetween } from './fields.ts';

const GIB = 1024 * MIB;

export const fanOut = z
  .strictObject({
    store: store.describe(
      'Where the workers leave their signed results for each other. Apart from the archive and the attestations',
    ),
    kept: period
      .prefault('30d')
      .describe('How long these are locked. A pass that failed can be gone on with until then')
      .register(forms, { form: 'a period, 1s to 10y' }),
    rangeBytes: sizeBetween(MIB, 1024 * GIB, '1MiB to 1024GiB')
      .prefault('2GiB')
      .describe('Stored bytes of data objects that one worker reads at most; one segment is always taken'),
    rangeSegments: z
      .int()
      .min(1)
      .max(100_000)
      .default(1000)
      .describe('Segments that one worker reads at most'),
  })
  .optional()
  .describe('For the state machine of a fanned-out full pass. Default: this process takes no part in one');
