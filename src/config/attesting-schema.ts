// Who else vouches for what the verifier attests: which keys may that have?
import { z } from 'zod';
import { between, some, text } from './fields.ts';

export const witnesses = z
  .strictObject({
    policy: some('a policy: lines `witness NAME KEY URL` and `quorum NAME`').describe(
      [
        'Who cosigns beside this verifier, as text of a C2SP tlog-policy. Each witness needs its submission',
        'address. They learn the names of all chains, and how many segments each has',
      ].join(' '),
    ),
    every: between('1m', '366d')
      .prefault('1d')
      .describe(
        'Of each chain the first attestation of such a period is shown to them, counted from 1970 UTC',
      ),
    required: z
      .boolean()
      .default(false)
      .describe('true: without a quorum nothing is attested. false: it is attested without, and logged'),
    timeout: between('100ms', '1m').prefault('10s').describe('How long one answer may take'),
  })
  .optional()
  .describe('C2SP witnesses that cosign attested checkpoints. Default: nobody is asked');

export const timestamps = z
  .strictObject({
    url: text(
      /^https?:\/\/[^\s/?#@]+(?:[/?]\S*)?$/,
      'an address such as http://timestamp.example.com',
    ).describe('A time-stamping authority (RFC 3161). Each day it gets one hash, and nothing of the archive'),
    roots: some('a file of certificates in PEM, or the certificates').describe(
      "The authority's root certificates: a file in PEM, or its text. A token that leads to none of them is refused",
    ),
    policy: text(/^[0-2](?:\.(?:0|[1-9]\d{0,9})){1,20}$/, 'an object identifier such as 1.3.6.1.4.1.99999.1')
      .optional()
      .describe("The authority's policy that is asked for. Default: it chooses"),
    timeout: between('100ms', '1m').prefault('20s').describe('How long its answer may take'),
  })
  .optional()
  .describe("A day's attested checkpoints are time-stamped by an authority. Default: they are not");
