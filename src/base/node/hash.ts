// The same SHA-256 by OpenSSL, for the hot path in Node.
import { hash } from 'node:crypto';
import type { Sha256 } from '../hash.ts';

export const nodeSha256: Sha256 = (message) => hash('sha256', message, 'buffer');
