// Which keys may the officers' configuration hold, and what may each be?
import { z } from 'zod';
import { period } from './archiver-schema.ts';
import { version } from './config-version.ts';
import { signing, store } from './connections-schema.ts';
import { forms, log, ORIGIN_PATTERN, text } from './fields.ts';

export const governanceConfigSchema = z.strictObject({
  version,
  archive: z
    .strictObject({
      origin: text(ORIGIN_PATTERN, "the archive's name, such as audit.example.com/prod").describe(
        'The name of the archive, as in ledgerstone.yaml',
      ),
      store: store.describe('Where the archive is stored'),
      trusted: z
        .array(z.string('must be a verifier key').register(forms, { form: 'a verifier key' }))
        .min(1, 'must name at least one key: without one nothing can be verified')
        .describe(
          [
            "The log's verifier keys, and earlier keys of the governance chain. The one under",
            '`governance.signing` needs no entry',
          ].join(' '),
        ),
    })
    .describe('The archive that is decided about'),
  governance: z
    .strictObject({
      signing: signing.describe(
        "The key of the governance chain, never the log's. Each decision is signed by a person's own key too",
      ),
      retention: z
        .strictObject({
          mode: z
            .enum(['COMPLIANCE', 'GOVERNANCE'])
            .describe('GOVERNANCE is for trials: those with a special right can delete'),
          period: period
            .describe('How long decisions are locked: no shorter than any event')
            .register(forms, { form: 'a period, 1s to 10y' }),
        })
        .describe('How the governance chain is locked'),
    })
    .describe('The chain of decisions'),
  log,
});
