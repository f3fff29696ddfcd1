// Two configurations whose settings are none of the defaults.

import { nodeSha256 } from '../../../src/base/node/hash.ts';
import { encodeVkey, verifierKey } from '../../../src/format/vkey.ts';
import { memorySigner } from '../../support/memory-signer.ts';

const key = encodeVkey(verifierKey('audit.example.com/prod', memorySigner().publicKey, nodeSha256));

export const ARCHIVER_YAML = `version: 1
archive:
  origin: audit.example.com/prod
  store: { kind: directory, path: ./archive }
  signing: { kind: local, keyFile: ./key.pem }
source: { kind: file, path: ./events.jsonl, topic: { name: orders, retention: audit } }
retention: { audit: { mode: COMPLIANCE, period: 1d } }
segment: { maxAge: 30s, heartbeat: 10m }
`;

export const VERIFIER_YAML = `version: 1
archive: { store: { kind: directory, path: ./archive }, trusted: ["${key}"] }
attestations:
  store: { kind: directory, path: ./attestations }
  retention: { mode: COMPLIANCE, period: 1d }
cosigner: { name: verifier.example.com, signing: { kind: local, keyFile: ./cosigner.pem } }
fullPass: { every: 10d }
sweep: { every: 6h }
watch: { every: 20m }
`;
