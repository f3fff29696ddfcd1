// Which older archives is a verifier shown?
import { z } from 'zod';
import { store } from './connections-schema.ts';
import { forms } from './fields.ts';

export const older = z
  .array(
    z.strictObject({
      store: store.describe('Where it is stored. It is only read'),
      trusted: z
        .array(z.string('must be a verifier key').register(forms, { form: 'a verifier key' }))
        .min(1, 'must name at least one key: those of this archive count for nothing there')
        .describe('Its own verifier keys'),
    }),
  )
  .default([])
  .describe(
    'Archives of other owners that chains of this one continue. Without one, such a chain is `unreadable`',
  );
